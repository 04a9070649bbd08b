import { describe, expect, it } from "vitest";
import type { JsonDataset } from "../../src/dicom/json";
import { framesOf, isImage } from "../../src/rendering/frames";
import { readFirst, readJson } from "../fixtures";

const BASE = "http://node/dicom-web/studies/1/series/2";
const instance = (uid: string, instanceNumber: number, rest: JsonDataset = {}): JsonDataset => ({
  "00080018": { vr: "UI", Value: [uid] },
  "00200013": { vr: "IS", Value: [instanceNumber] },
  "00280010": { vr: "US", Value: [64] },
  "00280011": { vr: "US", Value: [64] },
  ...rest,
});
const at = (z: number): JsonDataset => ({
  "00200032": { vr: "DS", Value: [0, 0, z] },
  "00200037": { vr: "DS", Value: [1, 0, 0, 0, 1, 0] },
  "00280030": { vr: "DS", Value: [0.5, 0.5] },
});
const order = (instances: JsonDataset[]) =>
  framesOf(instances, BASE).map(({ sopInstanceUid }) => sopInstanceUid);

describe("the frames of a series", () => {
  it("are in the order of their place, in the direction of the instance numbers", () => {
    const shuffled = [...readJson("ct")].reverse();
    const frames = framesOf(shuffled, BASE);
    expect(frames.map(({ instanceNumber }) => instanceNumber)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("go by place where the instance numbers are mixed up", () => {
    const instances = [
      instance("a", 1, at(0)),
      instance("b", 3, at(2)),
      instance("c", 2, at(4)),
      instance("d", 4, at(6)),
    ];
    expect(order(instances)).toEqual(["a", "b", "c", "d"]);
  });

  it("go from the head down when the numbers do", () => {
    expect(order([instance("low", 2, at(0)), instance("high", 1, at(10))])).toEqual(["high", "low"]);
  });

  it("go by instance number where the images have no place", () => {
    expect(order([instance("b", 2), instance("a", 1)])).toEqual(["a", "b"]);
  });

  it("go by instance number where several images have one place", () => {
    expect(order([instance("b", 2, at(0)), instance("a", 1, at(0)), instance("c", 3, at(5))])).toEqual([
      "a",
      "b",
      "c",
    ]);
  });

  it("of a multi-frame instance have an address each", () => {
    const frames = framesOf([instance("9.9", 1, { "00280008": { vr: "IS", Value: [3] } })], BASE);
    expect(frames.map(({ imageId }) => imageId)).toEqual(
      [1, 2, 3].map((frame) => `wadors:${BASE}/instances/9.9/frames/${frame}`),
    );
  });

  it("have the plane of the image, columns before rows", () => {
    const [frame] = framesOf(
      [instance("a", 1, { ...at(5), "00280030": { vr: "DS", Value: [2, 0.5] } })],
      BASE,
    );
    expect(frame?.plane).toEqual({
      origin: [0, 0, 5],
      row: [1, 0, 0],
      column: [0, 1, 0],
      spacingMm: [0.5, 2],
    });
  });

  it("do not come from segmentations or from objects without pixels", () => {
    expect(isImage(readFirst("seg"))).toBe(false);
    expect(isImage(readFirst("sr"))).toBe(false);
    expect(framesOf([readFirst("seg"), readFirst("sr")], BASE)).toEqual([]);
  });
});
