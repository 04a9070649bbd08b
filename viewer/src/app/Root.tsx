import { useQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { Suspense } from "react";
import { FeedProvider } from "../feed/FeedProvider";
import { LoginPage } from "../session/LoginPage";
import { sessionQuery } from "../session/session";
import { Failed, Loading } from "../ui/messages";
import { Frame } from "./Frame";

/** The login page stands at whatever path was asked for, so that the path is there afterwards. */
export function Root() {
  const session = useQuery(sessionQuery);
  if (session.data === null) return <LoginPage />;
  if (!session.data) {
    return (
      <main>
        <h1 className="sr-only">Isocenter</h1>
        {session.isError ? (
          <Failed what="The session" error={session.error} retry={() => void session.refetch()} />
        ) : (
          <Loading what="the session" />
        )}
      </main>
    );
  }
  return (
    <FeedProvider key={session.data.username}>
      <Frame session={session.data}>
        <Suspense fallback={<Loading what="the page" />}>
          <Outlet />
        </Suspense>
      </Frame>
    </FeedProvider>
  );
}
