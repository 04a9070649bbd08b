import type { FeedMessage } from "../http/schemas";
import type { FeedState } from "./connection";

const KEPT = 2000;

export interface FeedSnapshot {
  state: FeedState;
  /** Newest first. */
  messages: readonly FeedMessage[];
}

/** What the page knows of the feed; React reads it with `useSyncExternalStore`. */
export class FeedLog {
  #snapshot: FeedSnapshot = { state: "connecting", messages: [] };
  #readers = new Set<() => void>();
  #listeners = new Set<(message: FeedMessage) => void>();

  readonly snapshot = (): FeedSnapshot => this.#snapshot;

  readonly subscribe = (reader: () => void): (() => void) => {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  };

  /** Call for each new message; what was there before is not told. */
  listen(listener: (message: FeedMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The past, oldest first: shown, but no reason to load anything again. */
  remember(messages: readonly FeedMessage[]): void {
    const oldest = this.#snapshot.messages.at(-1)?.seq ?? Number.POSITIVE_INFINITY;
    const past = messages.filter(({ seq }) => seq < oldest).reverse();
    this.#set({ messages: [...this.#snapshot.messages, ...past].slice(0, KEPT) });
  }

  add(message: FeedMessage): void {
    this.#set({ messages: [message, ...this.#snapshot.messages].slice(0, KEPT) });
    for (const listener of this.#listeners) listener(message);
  }

  setState(state: FeedState): void {
    this.#set({ state });
  }

  #set(change: Partial<FeedSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const reader of this.#readers) reader();
  }
}
