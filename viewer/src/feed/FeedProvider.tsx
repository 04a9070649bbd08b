import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { request } from "../http/client";
import type { FeedMessage } from "../http/schemas";
import { Loading } from "../ui/messages";
import { FeedConnection, type FeedSocket, type FeedState } from "./connection";
import { Invalidation } from "./invalidation";
import { FeedLog } from "./log";

const HISTORY = 500;

const FeedContext = createContext<FeedLog | null>(null);

function openSocket(since: number): FeedSocket {
  const scheme = window.location.protocol === "https:" ? "wss:" : "ws:";
  return new WebSocket(`${scheme}//${window.location.host}/ws/events?since=${since}`) as FeedSocket;
}

interface Replay {
  items: FeedMessage[];
  last_seq: number;
}

/** The number of the latest message: what comes after it is news to this page. */
async function lastSeq(): Promise<number> {
  return (await request<Replay>("/api/v1/events?since=0&limit=1")).last_seq;
}

/** The latest messages up to that number, oldest first. */
async function history(seq: number): Promise<FeedMessage[]> {
  const since = Math.max(0, seq - HISTORY);
  const { items } = await request<Replay>(`/api/v1/events?since=${since}&limit=${HISTORY}`);
  return items.filter((message) => message.seq <= seq);
}

/** Runs the feed while somebody is logged in. */
export function FeedProvider({ children }: { children: ReactNode }) {
  const [log] = useState(() => new FeedLog());
  const queries = useQueryClient();
  const start = useQuery({
    queryKey: ["feed", "start"],
    queryFn: lastSeq,
    staleTime: Number.POSITIVE_INFINITY,
  });
  // The page loads nothing before it knows from where it is kept up to date; else it could miss something between.
  const known = !start.isPending;
  const from = start.data ?? 0;

  useEffect(() => {
    if (!known) return;
    const invalidation = new Invalidation(queries);
    const unlisten = log.listen((message) => invalidation.take(message));
    const connection = new FeedConnection({
      open: openSocket,
      since: from,
      onMessage: (message) => log.add(message),
      onState: (state) => {
        log.setState(state);
        // A session that has ended closes the feed as well; asking for it leads to the login page.
        if (state === "reconnecting") void queries.invalidateQueries({ queryKey: ["session"] });
      },
    });
    const retry = () => connection.retryNow();
    window.addEventListener("online", retry);
    connection.start();
    // Without the past the page works as well.
    history(from).then(
      (messages) => log.remember(messages),
      () => undefined,
    );
    return () => {
      window.removeEventListener("online", retry);
      unlisten();
      invalidation.stop();
      connection.stop();
    };
  }, [log, queries, known, from]);

  if (!known) return <Loading what="the page" />;
  return <FeedContext.Provider value={log}>{children}</FeedContext.Provider>;
}

function useLog(): FeedLog {
  const log = useContext(FeedContext);
  if (!log) throw new Error("The feed is used outside of its provider");
  return log;
}

export function useFeedState(): FeedState {
  const log = useLog();
  return useSyncExternalStore(log.subscribe, () => log.snapshot().state);
}

export function useFeedMessages(): readonly FeedMessage[] {
  const log = useLog();
  return useSyncExternalStore(log.subscribe, () => log.snapshot().messages);
}

/** Call `listener` for each new message while the component is shown. */
export function useFeedListener(listener: (message: FeedMessage) => void): void {
  const log = useLog();
  useEffect(() => log.listen(listener), [log, listener]);
}
