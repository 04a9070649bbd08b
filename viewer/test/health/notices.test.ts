import { describe, expect, it } from "vitest";
import type { Room } from "../../src/health/health";
import { noticesOf } from "../../src/health/notices";

const room: Room = {
  free_bytes: 3_100_000_000,
  total_bytes: 100_000_000_000,
  reserved_bytes: 1_000_000_000,
  warning_bytes: 5_000_000_000,
  warning: "low",
};

describe("the notices", () => {
  it("are none for a node that is well", () => {
    expect(noticesOf({ failing: [], warnings: {} }, undefined)).toEqual([]);
  });

  it("warn of a disk that is nearly full, with figures", () => {
    expect(noticesOf({ failing: [], warnings: { storage: "low" } }, room)).toEqual([
      { text: "Storage is nearly full: 3.1 GB left. New images are refused below 1 GB.", urgent: false },
    ]);
  });

  it("say that a full disk refuses", () => {
    expect(
      noticesOf({ failing: [], warnings: { storage: "refusing" } }, { ...room, free_bytes: 900_000_000 }),
    ).toEqual([{ text: "Storage is full: 900 MB left. New images are refused below 1 GB.", urgent: true }]);
  });

  it("do without figures that have not come yet", () => {
    const texts = ["low", "refusing"].map(
      (storage) => noticesOf({ failing: [], warnings: { storage } }, undefined)[0]?.text,
    );
    expect(texts).toEqual([
      "Storage is nearly full. New images are refused when it is full.",
      "Storage is full. New images are refused.",
    ]);
  });

  it("put what refuses images before what only delays them", () => {
    const notices = noticesOf({ failing: [], warnings: { database: "slow", storage: "refusing" } }, room);
    expect(notices.map(({ urgent }) => urgent)).toEqual([true, false]);
    expect(notices[1]?.text).toBe("The database is slow. Images arrive with a delay.");
  });

  it("name every part that does not work", () => {
    const notices = noticesOf({ failing: ["database", "listener", "clock"], warnings: {} }, undefined);
    expect(notices.map(({ text }) => text)).toEqual([
      "The database is not reachable. New images are refused until it answers.",
      "The DICOM listener does not answer. Modalities cannot send images.",
      "Not ready: clock.",
    ]);
    expect(notices.every(({ urgent }) => urgent)).toBe(true);
  });
});
