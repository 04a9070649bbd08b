import type { FeedMessage } from "../http/schemas";

export type FeedState = "connecting" | "live" | "reconnecting";

/** What of a WebSocket the feed needs; tests bring their own. */
export interface FeedSocket {
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  close(): void;
}

export interface FeedOptions {
  open: (since: number) => FeedSocket;
  since: number;
  onMessage: (message: FeedMessage) => void;
  onState: (state: FeedState) => void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;

/**
 * The status feed over one WebSocket at a time. When it breaks, a new one asks for everything after
 * the last message that was seen, so nothing is missed and nothing is told twice.
 */
export class FeedConnection {
  #last: number;
  #socket: FeedSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #failures = 0;
  #stopped = false;

  constructor(private readonly options: FeedOptions) {
    this.#last = options.since;
  }

  start(): void {
    this.options.onState("connecting");
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#socket?.close();
  }

  /** Do not wait for the pause to end, for instance when the network is back. */
  retryNow(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  #connect(): void {
    this.#timer = null;
    const socket = this.options.open(this.#last);
    this.#socket = socket;
    socket.onopen = () => {
      this.#failures = 0;
      this.options.onState("live");
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = () => this.#lost();
  }

  #receive(data: unknown): void {
    const message = parse(data);
    if (!message || message.seq <= this.#last) return;
    this.#last = message.seq;
    this.options.onMessage(message);
  }

  #lost(): void {
    if (this.#stopped) return;
    this.options.onState("reconnecting");
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#connect(), pause);
  }
}

function parse(data: unknown): FeedMessage | null {
  if (typeof data !== "string") return null;
  try {
    const message = JSON.parse(data) as Partial<FeedMessage>;
    return typeof message.seq === "number" && typeof message.type === "string"
      ? (message as FeedMessage)
      : null;
  } catch {
    return null;
  }
}
