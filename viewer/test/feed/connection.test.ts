import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FeedConnection, type FeedSocket, type FeedState } from "../../src/feed/connection";

class Socket implements FeedSocket {
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;

  constructor(readonly since: number) {}

  close(): void {
    this.closed = true;
    this.onclose?.();
  }

  say(seq: number): void {
    this.onmessage?.({ data: JSON.stringify({ seq, type: "job.pending", data: {} }) });
  }
}

function feed(since = 0) {
  const sockets: Socket[] = [];
  const seen: number[] = [];
  const states: FeedState[] = [];
  const connection = new FeedConnection({
    since,
    open: (from) => {
      const socket = new Socket(from);
      sockets.push(socket);
      return socket;
    },
    onMessage: ({ seq }) => seen.push(seq),
    onState: (state) => states.push(state),
  });
  connection.start();
  const last = () => {
    const socket = sockets.at(-1);
    if (!socket) throw new Error("No socket was opened");
    return socket;
  };
  return { connection, sockets, seen, states, last };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the feed", () => {
  it("begins after what the page already has", () => {
    expect(feed(41).last().since).toBe(41);
  });

  it("is live once the socket is open", () => {
    const { last, states } = feed();
    last().onopen?.();
    expect(states).toEqual(["connecting", "live"]);
  });

  it("asks again for all after the last message that it saw", () => {
    const { last, sockets, states } = feed();
    last().onopen?.();
    last().say(7);
    last().say(9);
    last().onclose?.();
    expect(states.at(-1)).toBe("reconnecting");
    vi.advanceTimersByTime(500);
    expect(sockets).toHaveLength(2);
    expect(last().since).toBe(9);
  });

  it("tells a message that is sent twice only once, and in order", () => {
    const { last, seen } = feed();
    last().say(1);
    last().say(2);
    last().onclose?.();
    vi.advanceTimersByTime(500);
    last().say(2);
    last().say(3);
    expect(seen).toEqual([1, 2, 3]);
  });

  it("waits longer after each failure, but never longer than 8 s", () => {
    const { last, sockets } = feed();
    for (let failure = 0; failure < 8; failure += 1) {
      last().onclose?.();
      vi.advanceTimersByTime(8000);
    }
    expect(sockets).toHaveLength(9);
    last().onclose?.();
    vi.advanceTimersByTime(7999);
    expect(sockets).toHaveLength(9);
  });

  it("waits a short time again after a success", () => {
    const { last, sockets } = feed();
    last().onclose?.();
    vi.advanceTimersByTime(500);
    last().onclose?.();
    vi.advanceTimersByTime(1000);
    last().onopen?.();
    last().onclose?.();
    vi.advanceTimersByTime(500);
    expect(sockets).toHaveLength(4);
  });

  it("tries at once when it is told that the network is back", () => {
    const { connection, last, sockets } = feed();
    last().onclose?.();
    connection.retryNow();
    expect(sockets).toHaveLength(2);
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(2);
  });

  it("does not come back after it was stopped", () => {
    const { connection, last, sockets } = feed();
    connection.stop();
    expect(last().closed).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(1);
  });

  it("ignores what is no message", () => {
    const { last, seen } = feed();
    last().onmessage?.({ data: "not JSON" });
    last().onmessage?.({ data: JSON.stringify({ seq: "1", type: 2 }) });
    last().onmessage?.({ data: new ArrayBuffer(2) });
    expect(seen).toEqual([]);
  });
});
