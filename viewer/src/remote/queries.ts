import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request } from "../http/client";
import type { Schemas } from "../http/schemas";
import { useCollection } from "../http/useCollection";
import { isUnfinished, keysOf, type Match, type Retrieval, type Wanted } from "./query";

const KEY = ["retrievals"];
const POLL_MS = 500;

const aePath = (name: string) => `/api/v1/aes/${encodeURIComponent(name)}`;

export function usePeers() {
  return useQuery({
    queryKey: ["peers"],
    queryFn: ({ signal }) => request<Schemas["Peers"]>("/api/v1/peers", { signal }),
    select: ({ items }) => items,
  });
}

interface Answer {
  items: Match[];
  more: boolean;
}

export function useRemoteQuery() {
  return useMutation({
    mutationFn: ({ peer, wanted }: { peer: string; wanted: Wanted }) =>
      request<Answer>(`${aePath(peer)}/query`, { method: "POST", body: { keys: keysOf(wanted) } }),
  });
}

export function useRetrieve() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ peer, studies }: { peer: string; studies: readonly string[] }) => {
      for (const study_uid of studies) {
        await request<Retrieval>(`${aePath(peer)}/retrieve`, { method: "POST", body: { study_uid } });
      }
    },
    // Those that were taken before one was refused are to be seen too.
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}

export function useCancelRetrieval() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => request<Retrieval>(`/api/v1/retrievals/${id}/cancel`, { method: "POST" }),
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}

/** Retrievals, newest first; looked at again and again while one is under way. */
export function useRetrievals() {
  return useCollection<Retrieval>(KEY, "/api/v1/retrievals", { limit: 20 }, (retrievals) =>
    retrievals.some(isUnfinished) ? POLL_MS : false,
  );
}
