import { QueryClient } from "@tanstack/react-query";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Invalidation, staleKeys } from "../../src/feed/invalidation";
import { FeedLog } from "../../src/feed/log";
import type { FeedMessage } from "../../src/http/schemas";

const message = (type: string, seq = 1): FeedMessage =>
  ({ seq, type, time: "2026-01-01T00:00:00.000Z", study_uid: "1.2", data: {} }) as unknown as FeedMessage;

afterEach(() => {
  vi.useRealTimers();
});

describe("a message of the feed", () => {
  it("makes the results of its study old", () => {
    expect(staleKeys(message("result.stored"))).toContainEqual(["results", "1.2"]);
  });

  it("makes the rejected associations old", () => {
    expect(staleKeys(message("association.rejected"))).toEqual([["associations"]]);
  });

  it("loads each thing once, however many messages there are", () => {
    vi.useFakeTimers();
    const queries = new QueryClient();
    const invalidate = vi.spyOn(queries, "invalidateQueries");
    const invalidation = new Invalidation(queries);
    for (let seq = 0; seq < 50; seq += 1) invalidation.take(message("delivery.sent", seq));
    vi.advanceTimersByTime(300);
    expect(invalidate.mock.calls).toEqual([[{ queryKey: ["deliveries"] }]]);
  });
});

describe("the log of the feed", () => {
  it("has the newest message first, the history below what came since", () => {
    const log = new FeedLog();
    log.add(message("job.pending", 3));
    log.remember([message("job.pending", 1), message("job.pending", 2)]);
    log.add(message("job.pending", 4));
    expect(log.snapshot().messages.map(({ seq }) => seq)).toEqual([4, 3, 2, 1]);
  });

  it("tells listeners of what is new, not of the past", () => {
    const log = new FeedLog();
    const listener = vi.fn();
    log.listen(listener);
    log.remember([message("job.pending", 1)]);
    log.add(message("job.pending", 2));
    expect(listener).toHaveBeenCalledTimes(1);
  });
});
