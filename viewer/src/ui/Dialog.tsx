import { type FormEvent, type ReactNode, useId, useLayoutEffect, useRef } from "react";

interface Props {
  title: string;
  onClose: () => void;
  onSubmit?: () => void;
  /** For forms with many fields. */
  wide?: boolean;
  children: ReactNode;
}

/** A modal dialog with one form; the browser keeps the focus inside, Escape closes it, and the focus returns. */
export function Dialog({ title, onClose, onSubmit, wide = false, children }: Props) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // Closed while it is still part of the page: only then the focus goes back to where it came from.
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit?.();
    // What was left out may have been scrolled away; it is marked when the fields are drawn again.
    requestAnimationFrame(() =>
      element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(),
    );
  };
  return (
    <dialog
      ref={element}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      className={`m-auto w-full rounded-lg border border-line bg-surface text-text ${wide ? "max-w-2xl" : "max-w-md"}`}
    >
      <form onSubmit={submit} className="grid gap-3 p-4">
        <h2 id={heading} className="text-sm font-semibold">
          {title}
        </h2>
        {children}
      </form>
    </dialog>
  );
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-1 flex justify-end gap-2">{children}</div>;
}
