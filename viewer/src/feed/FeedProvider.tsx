import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import type { FeedMessage } from "../generated/events";
import { request } from "../http/client";
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

/** The latest messages and the number from which the live feed goes on. */
async function loadHistory(): Promise<Replay> {
  const { last_seq } = await request<Replay>("/api/v1/events?since=0&limit=1");
  const since = Math.max(0, last_seq - HISTORY);
  return request<Replay>(`/api/v1/events?since=${since}&limit=${HISTORY}`);
}

/** Runs the feed while somebody is logged in. */
export function FeedProvider({ children }: { children: ReactNode }) {
  const [log] = useState(() => new FeedLog());
  const queries = useQueryClient();

  useEffect(() => {
    let connection: FeedConnection | null = null;
    let stopped = false;
    const invalidation = new Invalidation(queries);
    const unlisten = log.listen((message) => invalidation.take(message));
    const retry = () => connection?.retryNow();
    window.addEventListener("online", retry);
    const start = (since: number) => {
      if (stopped) return;
      connection = new FeedConnection({
        open: openSocket,
        since,
        onMessage: (message) => log.add(message),
        onState: (state) => {
          log.setState(state);
          // A session that has ended closes the feed as well; asking for it leads to the login page.
          if (state === "reconnecting") void queries.invalidateQueries({ queryKey: ["session"] });
        },
      });
      connection.start();
    };
    loadHistory().then(
      ({ items, last_seq }) => {
        if (!stopped) log.remember(items);
        start(items.at(-1)?.seq ?? last_seq);
      },
      () => start(0),
    );
    return () => {
      stopped = true;
      window.removeEventListener("online", retry);
      unlisten();
      invalidation.stop();
      connection?.stop();
    };
  }, [log, queries]);

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
