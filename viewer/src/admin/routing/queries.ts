import { useMutation, useQueryClient } from "@tanstack/react-query";
import { request } from "../../http/client";
import { useCollection } from "../../http/useCollection";
import type { Route } from "./route";

const PATH = "/api/v1/routes";
const KEY = ["routes"];
const pathOf = (name: string) => `${PATH}/${encodeURIComponent(name)}`;

export function useRoutes() {
  return useCollection<Route>(KEY, PATH);
}

export function useSaveRoute() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ route, isNew }: { route: Route; isNew: boolean }) => {
      const { source: _, ...body } = route;
      return request<Route>(isNew ? PATH : pathOf(route.name), { method: isNew ? "POST" : "PUT", body });
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}

export function useDeleteRoute() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => request<void>(pathOf(name), { method: "DELETE" }),
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}
