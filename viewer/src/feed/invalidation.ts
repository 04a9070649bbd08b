import type { QueryClient } from "@tanstack/react-query";
import type { FeedMessage } from "../http/schemas";

/** The queries that a message makes out of date. */
export function staleKeys(message: FeedMessage): string[][] {
  const study = message.study_uid ?? "";
  const [subject] = message.type.split(".");
  switch (subject) {
    case "association":
      return [["associations"]];
    case "instance":
    case "series":
      return [["study", study], ["series", study], ["statistics"]];
    case "job":
      return [["study", study], ["jobs", study], ["statistics"]];
    case "result":
      return [
        ["study", study],
        ["series", study],
        ["results", study],
      ];
    case "delivery":
      return [["deliveries"]];
    default:
      return [["study", study]];
  }
}

const PAUSE_MS = 300;

/** Gathers what messages make stale and loads it again at most a few times a second. */
export class Invalidation {
  #keys = new Map<string, string[]>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly queries: QueryClient) {}

  take(message: FeedMessage): void {
    for (const key of staleKeys(message)) this.#keys.set(key.join(" "), key);
    this.#timer ??= setTimeout(() => this.#run(), PAUSE_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #run(): void {
    this.#timer = null;
    const keys = [...this.#keys.values()];
    this.#keys.clear();
    for (const queryKey of keys) void this.queries.invalidateQueries({ queryKey });
  }
}
