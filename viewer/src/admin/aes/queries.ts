import { useMutation, useQueryClient } from "@tanstack/react-query";
import { request } from "../../http/client";
import type { Schemas } from "../../http/schemas";
import { useCollection } from "../../http/useCollection";
import { type Draft, entryOf, type RemoteAE } from "./remoteAe";

const PATH = "/api/v1/aes";
const KEY = ["aes"];

export const aePath = (name: string) => `${PATH}/${encodeURIComponent(name)}`;

export function useRemoteAes() {
  return useCollection<RemoteAE>(KEY, PATH);
}

function useChange<T>(change: (input: T) => Promise<unknown>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}

export function useSaveAe() {
  return useChange(({ draft, before }: { draft: Draft; before: RemoteAE | null }) =>
    request<RemoteAE>(before ? aePath(before.name) : PATH, {
      method: before ? "PUT" : "POST",
      body: entryOf(draft, before),
    }),
  );
}

export function useDeleteAe() {
  return useChange((name: string) => request<void>(aePath(name), { method: "DELETE" }));
}

type EchoOutcome = Schemas["EchoOutcome"];

export function useEcho(name: string) {
  return useMutation({
    mutationFn: () => request<EchoOutcome>(`${aePath(name)}/echo`, { method: "POST" }),
  });
}

/** One line about an echo, such as "C-ECHO succeeded, 3 ms". */
export function echoText({ ok, milliseconds, message }: EchoOutcome): string {
  if (ok) return `C-ECHO succeeded, ${Math.round(milliseconds ?? 0)} ms`;
  return `C-ECHO failed: ${message.replace(/^C-ECHO failed:?\s*/, "")}`;
}
