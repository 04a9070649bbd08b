import { useMutation, useQueryClient } from "@tanstack/react-query";
import { request } from "../http/client";
import { useCollection } from "../http/useCollection";
import { attributesOf, type Draft, type Entry, type Step } from "./entry";

const PATH = "/api/v1/worklist";
const KEY = ["schedule"];
// Modalities and worklist files change entries; the feed does not tell of it.
const POLL_MS = 3_000;

export const useEntries = () => useCollection<Entry>(KEY, PATH, {}, () => POLL_MS);

export const useSteps = () =>
  useCollection<Step>(["procedure-steps"], "/api/v1/procedure-steps", {}, () => POLL_MS);

function useChange<T>(change: (input: T) => Promise<unknown>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}

export function useAddEntry() {
  return useChange((draft: Draft) =>
    request<Entry>(PATH, { method: "POST", body: { attributes: attributesOf(draft) } }),
  );
}

export function useRemoveEntry() {
  return useChange((id: string) => request<void>(`${PATH}/${id}`, { method: "DELETE" }));
}
