import { describe, expect, it } from "vitest";
import { formatDate, formatDuration, readTypedDate } from "../../src/dicom/dates";

describe("a date of DICOM", () => {
  it("is shown in the reader's locale", () => {
    const expected = new Intl.DateTimeFormat(undefined, {
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
    });
    expect(formatDate("20260131")).toBe(expected.format(new Date(2026, 0, 31)));
  });

  it.each(["", "2026", "unknown"])("that is none stays as it is: %j", (value) => {
    expect(formatDate(value)).toBe(value);
  });
});

describe("a typed date", () => {
  it.each([
    ["2026-01-31", "20260131"],
    ["20260131", "20260131"],
    ["31.1.2026", "20260131"],
    ["2026/1/5", "20260105"],
    ["  ", ""],
  ])("%j is %j", (typed, expected) => {
    expect(readTypedDate(typed)).toBe(expected);
  });

  it.each(["2026-13-01", "2026-02-30", "yesterday", "1/2"])("%j is not understood", (typed) => {
    expect(readTypedDate(typed)).toBeUndefined();
  });
});

describe("a duration", () => {
  it.each([
    ["2026-01-01T00:00:00Z", "2026-01-01T00:00:01.250Z", "1.3 s"],
    ["2026-01-01T00:00:00Z", "2026-01-01T00:00:42Z", "42 s"],
    ["2026-01-01T00:00:00Z", "2026-01-01T00:02:05Z", "2 min 5 s"],
  ])("from %s to %s is %s", (start, end, expected) => {
    expect(formatDuration(start, end)).toBe(expected);
  });

  it("has no text before it has ended", () => {
    expect(formatDuration("2026-01-01T00:00:00Z", null)).toBe("");
  });
});
