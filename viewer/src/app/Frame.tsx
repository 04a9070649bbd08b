import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Notices } from "../health/Notices";
import { can } from "../session/permissions";
import { type Session, useLogOut } from "../session/session";
import { Button } from "../ui/Button";
import { Wordmark } from "../ui/Wordmark";
import { LiveStatus } from "./LiveStatus";
import { ThemeButton } from "./ThemeButton";

const LINK =
  "rounded px-2.5 py-1.5 whitespace-nowrap text-muted hover:text-text aria-[current=page]:bg-raised aria-[current=page]:text-text";

function MainNavigation({ session }: { session: Session }) {
  const administration = (["read-configuration", "read-associations", "read-audit"] as const).some(
    (permission) => can(session, permission),
  );
  return (
    <nav aria-label="Main" className="flex gap-0.5 overflow-x-auto max-sm:order-last max-sm:w-full">
      {can(session, "read-images") && (
        <Link to="/" className={LINK} activeOptions={{ exact: true, includeSearch: false }}>
          Worklist
        </Link>
      )}
      {can(session, "upload") && (
        <Link to="/upload" className={LINK}>
          Upload
        </Link>
      )}
      {can(session, "query-remote") && (
        <Link to="/remote" className={LINK}>
          Remote PACS
        </Link>
      )}
      {can(session, "read-worklist") && (
        <Link to="/schedule" className={LINK}>
          Schedule
        </Link>
      )}
      {administration && (
        <Link to="/admin" className={LINK} activeOptions={{ includeSearch: false }}>
          Administration
        </Link>
      )}
      <Link to="/activity" className={LINK}>
        Activity
      </Link>
    </nav>
  );
}

export function Frame({ session, children }: { session: Session; children: ReactNode }) {
  const logOut = useLogOut();
  return (
    <div className="flex h-dvh flex-col">
      <a
        href="#content"
        className="absolute -top-10 left-2 z-20 rounded bg-accent-strong px-3 py-1.5 text-on-accent focus:top-2"
      >
        Skip to the content
      </a>
      <header className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-surface px-3 py-1.5">
        <Wordmark />
        <MainNavigation session={session} />
        <div className="ml-auto flex items-center gap-2">
          <LiveStatus />
          <ThemeButton />
          <span className="text-muted max-md:hidden" title={`${session.username}, ${session.role}`}>
            {session.name || session.username}
          </span>
          <Button tone="quiet" onClick={() => logOut.mutate()}>
            Log out
          </Button>
        </div>
      </header>
      <Notices />
      <main id="content" tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none">
        {children}
      </main>
    </div>
  );
}
