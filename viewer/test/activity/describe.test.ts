import { expect, it, describe as suite } from "vitest";
import { describe, TYPES } from "../../src/activity/describe";
import type { FeedMessage } from "../../src/http/schemas";

const message = (type: string, data: object) => ({ seq: 1, type, data }) as unknown as FeedMessage;

suite("a message of the feed in words", () => {
  it("says who was refused and why", () => {
    const data = {
      calling_ae_title: "CT9",
      called_ae_title: "ISOCENTER",
      address: "10.0.0.9",
      reason: "1/1/3",
    };
    expect(describe(message("association.rejected", data))).toBe(
      "CT9 at 10.0.0.9 called ISOCENTER and was refused: 1/1/3",
    );
  });

  it("counts one object and several", () => {
    expect(describe(message("instance.stored", { count: 1, total: 9, source: "CT1" }))).toMatch(
      /^1 object stored/,
    );
    expect(describe(message("series.complete", { instances: 9, modality: "CT" }))).toBe(
      "CT series complete, 9 objects",
    );
  });

  it("is the type itself when that is not known", () => {
    expect(describe(message("study.moved", {}))).toBe("study.moved");
  });

  it("exists for each type that the page can filter by", () => {
    expect(TYPES).toHaveLength(19);
  });
});
