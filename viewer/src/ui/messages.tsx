import type { ReactNode } from "react";
import { explain } from "../http/problem";
import { Button } from "./Button";

export function Alert({ children }: { children: ReactNode }) {
  return (
    <p
      role="alert"
      className="rounded border border-danger/50 bg-danger/10 px-2.5 py-1.5 text-[13px] text-danger"
    >
      {children}
    </p>
  );
}

/** A live text that is also its own accessible name, so that it can be found by it. */
export function StatusText({ text, className = "" }: { text: string; className?: string }) {
  return (
    <span role="status" aria-label={text} className={className}>
      {text}
    </span>
  );
}

/** Nothing to show yet, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="grid justify-items-center gap-1 px-4 py-10 text-center">
      <p className="text-sm">{title}</p>
      {children && <div className="max-w-md text-[13px] text-muted">{children}</div>}
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <p className="px-4 py-6 text-[13px] text-muted" aria-live="polite">
      Loading {what}…
    </p>
  );
}

export function Failed({ what, error, retry }: { what: string; error: unknown; retry?: () => void }) {
  return (
    <div className="grid justify-items-start gap-2 p-4">
      <Alert>
        {what} could not be loaded. {explain(error)}
      </Alert>
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}
