import { describe, expect, it } from "vitest";
import {
  directionLetters,
  distanceMm,
  nearestPlane,
  type Plane,
  patientToPixel,
  pixelToPatient,
} from "../../src/dicom/geometry";

/** Tilted by the angle whose cosine is 0.8; pixels 0.5 mm wide and 2 mm high. */
const PLANE: Plane = { origin: [-16, -12, 100], row: [1, 0, 0], column: [0, 0.8, 0.6], spacingMm: [0.5, 2] };

describe("an image plane", () => {
  it("has its origin in the centre of the first pixel", () => {
    expect(patientToPixel(PLANE, PLANE.origin)).toEqual([0, 0]);
    expect(pixelToPatient(PLANE, [0, 0])).toEqual(PLANE.origin);
  });

  it("places column and row indices by their own spacing", () => {
    const [x, y, z] = pixelToPatient(PLANE, [10, 5]);
    expect([x, y, z]).toEqual([-11, -4, 106]);
  });

  it("finds the pixel of a point again", () => {
    const [column, row] = patientToPixel(PLANE, pixelToPatient(PLANE, [12.25, 40.5]));
    expect(column).toBeCloseTo(12.25);
    expect(row).toBeCloseTo(40.5);
  });

  it("measures the distance along its normal", () => {
    expect(distanceMm(PLANE, [50, -12 - 0.6 * 3, 100 + 0.8 * 3])).toBeCloseTo(3);
  });
});

describe("the nearest plane", () => {
  const stack = [0, 2, 4].map(
    (z): Plane => ({ ...PLANE, row: [1, 0, 0], column: [0, 1, 0], origin: [0, 0, z] }),
  );

  it("is the one with the least distance", () => {
    expect(nearestPlane(stack, [7, 7, 2.9])).toBe(1);
  });

  it("is none where no image has a place", () => {
    expect(nearestPlane([null, null], [0, 0, 0])).toBeUndefined();
  });
});

describe("the letters of a direction", () => {
  it.each([
    [[1, 0, 0], "L"],
    [[0, -1, 0], "A"],
    [[0, 0, 1], "H"],
    [[0.6, 0.8, 0], "PL"],
  ] as const)("of %j are %s", (direction, letters) => {
    expect(directionLetters(direction)).toBe(letters);
  });
});
