import { useMutation, useQueryClient } from "@tanstack/react-query";
import { request } from "../../http/client";
import type { Schemas } from "../../http/schemas";
import { useCollection } from "../../http/useCollection";

export type User = Schemas["User"];
export type ApiKey = Schemas["ApiKey"];

const USERS = "/api/v1/users";
const KEYS = "/api/v1/apikeys";
const userPath = (username: string) => `${USERS}/${encodeURIComponent(username)}`;

export const ROLES = ["admin", "clinician", "service", "auditor"] as const;

export function useUsers() {
  return useCollection<User>(["users"], USERS);
}

export function useApiKeys() {
  return useCollection<ApiKey>(["apikeys"], KEYS);
}

function useChange<Input, Output>(key: string, change: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => queries.invalidateQueries({ queryKey: [key] }),
  });
}

export function useAddUser() {
  return useChange("users", (body: Schemas["NewUser"]) => request<User>(USERS, { method: "POST", body }));
}

export function useChangeUser() {
  return useChange("users", ({ username, change }: { username: string; change: Schemas["UserChange"] }) =>
    request<User>(userPath(username), { method: "PUT", body: change }),
  );
}

export function useDeleteUser() {
  return useChange("users", (username: string) => request<void>(userPath(username), { method: "DELETE" }));
}

export function useCreateKey() {
  return useChange("apikeys", (body: { name: string; role: string }) =>
    request<Schemas["IssuedKey"]>(KEYS, { method: "POST", body }),
  );
}

export function useRevokeKey() {
  return useChange("apikeys", (id: string) => request<void>(`${KEYS}/${id}`, { method: "DELETE" }));
}
