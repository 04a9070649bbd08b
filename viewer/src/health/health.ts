import { useQuery } from "@tanstack/react-query";
import { request } from "../http/client";
import type { Schemas } from "../http/schemas";

export type Room = Schemas["StorageSpace"];

/** What the node says of itself, with whatever is the matter. */
export interface Health {
  failing: readonly string[];
  warnings: Readonly<Record<string, string>>;
}

const QUIET_INTERVAL = 30_000;
const TROUBLED_INTERVAL = 10_000;

/** Asked without credentials: without its database the node cannot check any. */
async function readHealth(signal: AbortSignal): Promise<Health> {
  const response = await fetch("/readyz", { signal });
  const { parts = [], warnings = {} } = (await response.json()) as {
    parts?: string[];
    warnings?: Record<string, string>;
  };
  return { failing: parts, warnings };
}

export function useHealth(): Health | undefined {
  const health = useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => readHealth(signal),
    refetchInterval: ({ state }) =>
      state.data && hasTrouble(state.data) ? TROUBLED_INTERVAL : QUIET_INTERVAL,
    retry: false,
  });
  return health.data;
}

/** How much room is left; asked for only where it is little. */
export function useRoom(health: Health | undefined): Room | undefined {
  const room = useQuery({
    queryKey: ["storage"],
    queryFn: ({ signal }) => request<Room>("/api/v1/storage", { signal }),
    enabled: health?.warnings.storage !== undefined,
    refetchInterval: TROUBLED_INTERVAL,
  });
  return room.data;
}

function hasTrouble({ failing, warnings }: Health): boolean {
  return failing.length > 0 || Object.keys(warnings).length > 0;
}
