import { describe, expect, it } from "vitest";
import { framesOf } from "../../src/rendering/frames";
import { areaOf, maskOf, readSegmentation } from "../../src/rendering/segmentation";
import { frameOfRegions, shapesOn } from "../../src/rendering/shapes";
import { readReport } from "../../src/reports/report";
import { readFirst, readJson, readSegmentPixels } from "../fixtures";

const frames = framesOf(readJson("ct"), "http://node");
const segmentation = readSegmentation(readFirst("seg"), readSegmentPixels());
const loaded = new Map([["1.2.826.0.1.3680043.10.9999.7.6", segmentation]]);
const [nodule, effusion, heart] = readReport(readFirst("sr")).findings;
if (!nodule || !effusion || !heart) throw new Error("The fixture has three findings");

const frame = (index: number) => {
  const found = frames[index];
  if (!found) throw new Error(`There is no frame ${index}`);
  return found;
};

describe("the image of a finding", () => {
  it("is the one with most of its segment", () => {
    expect(frameOfRegions(nodule.regions, frames, loaded)).toBe(3);
  });

  it("is not known before the segmentation is here", () => {
    expect(frameOfRegions(nodule.regions, frames, new Map())).toBeUndefined();
  });

  it("is the one whose plane a polygon in space lies in", () => {
    expect(frameOfRegions(effusion.regions, frames, loaded)).toBe(5);
  });

  it("is the one that a polyline names", () => {
    expect(frameOfRegions(heart.regions, frames, loaded)).toBe(1);
  });
});

describe("what is drawn", () => {
  it("is the polygon, back on the pixels that it was made from, and only there", () => {
    const [shape] = shapesOn(frame(5), effusion.regions, loaded);
    const ring = shape?.rings[0]?.map(([x, y]) => [Math.round(x * 1000) / 1000, Math.round(y * 1000) / 1000]);
    expect(ring).toEqual([
      [10, 10],
      [20, 10],
      [20, 16],
      [10, 16],
      [10, 10],
    ]);
    expect(shape?.closed).toBe(true);
    expect(shapesOn(frame(3), effusion.regions, loaded)).toEqual([]);
  });

  it("is the polyline, half a pixel from where SCOORD counts", () => {
    const [shape] = shapesOn(frame(1), heart.regions, loaded);
    expect(shape?.rings[0]?.[0]).toEqual([4.5, 4.5]);
    expect(shape?.closed).toBe(true);
    expect(shapesOn(frame(2), heart.regions, loaded)).toEqual([]);
  });

  it("is the outline of the segment on each slice that it has a part in", () => {
    const slices = frames.flatMap((item, index) =>
      shapesOn(item, nodule.regions, loaded).length > 0 ? [index] : [],
    );
    expect(slices).toEqual([2, 3, 4]);
    const [shape] = shapesOn(frame(3), nodule.regions, loaded);
    expect(shape?.filled).toBe(true);
    const rounded = shape?.rings[0]?.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`);
    expect(new Set(rounded)).toEqual(new Set(["27.5,17.5", "35.5,17.5", "35.5,25.5", "27.5,25.5"]));
  });
});

describe("a binary segmentation", () => {
  it("is unpacked bit by bit", () => {
    const areas = segmentation.frames.map((item) => areaOf(segmentation, item, [1]));
    expect(areas).toEqual([16, 64, 16]);
    const largest = segmentation.frames[1];
    if (!largest) throw new Error("The fixture has three frames");
    const mask = maskOf(segmentation, largest, [1]);
    expect(mask.pixels.reduce((sum, pixel) => sum + pixel, 0)).toBe(64);
    expect(mask.pixels[18 * 64 + 28]).toBe(1);
    expect(mask.pixels[17 * 64 + 28]).toBe(0);
  });

  it("names its segments", () => {
    expect(segmentation.labels.get(1)).toBe("Nodule");
  });
});
