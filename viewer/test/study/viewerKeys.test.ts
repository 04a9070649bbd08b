import { describe, expect, it, vi } from "vitest";
import { readSeries } from "../../src/study/series";
import { imageOfKey, pressKey } from "../../src/study/viewerKeys";

describe("keys over the image", () => {
  it.each([
    ["ArrowDown", 5, 6],
    ["ArrowUp", 5, 4],
    ["ArrowUp", 0, 0],
    ["ArrowDown", 59, 59],
    ["PageDown", 5, 15],
    ["PageUp", 5, 0],
    ["Home", 5, 0],
    ["End", 5, 59],
  ])("%s leads from image %i to image %i of sixty", (key, index, expected) => {
    expect(imageOfKey(key, { index, count: 60 })).toBe(expected);
  });

  it("choose presets by number", () => {
    const onPreset = vi.fn();
    const keys = { view: null, place: { index: 0, count: 1 }, modality: "CT", goTo: vi.fn(), onPreset };
    expect(pressKey("3", keys)).toBe(true);
    expect(onPreset).toHaveBeenCalledWith({ name: "Bone", window: { width: 1800, center: 400 } });
    expect(pressKey("x", keys)).toBe(false);
  });
});

describe("the series of a study", () => {
  const series = (uid: string, modality: string, number: number) => ({
    "0020000E": { vr: "UI", Value: [uid] },
    "00080060": { vr: "CS", Value: [modality] },
    "00200011": { vr: "IS", Value: [number] },
  });

  it("are in the order of their numbers, images first", () => {
    const found = readSeries([series("sr", "SR", 1), series("b", "CT", 3), series("a", "CT", 2)]);
    expect(found.map(({ uid }) => uid)).toEqual(["a", "b", "sr"]);
  });
});
