import { describe, expect, it } from "vitest";
import { imageIdOf } from "../../src/rendering/image-ids";

const URL = "http://node/frames/1";

function idOf(samples: number, photometric: string, syntax: string, bits = 8): string {
  const metadata = {
    "00280002": { vr: "US", Value: [samples] },
    "00280004": { vr: "CS", Value: [photometric] },
    "00280100": { vr: "US", Value: [bits] },
    "00083002": { vr: "UI", Value: [syntax] },
  };
  return imageIdOf(metadata, URL).replace(`:${URL}`, "");
}

describe("an image", () => {
  it.each([
    [1, "MONOCHROME2", "1.2.840.10008.1.2.1", 16],
    [1, "MONOCHROME1", "1.2.840.10008.1.2.4.70", 16],
    [3, "RGB", "1.2.840.10008.1.2.1", 8],
    [3, "YBR_FULL_422", "1.2.840.10008.1.2.4.50", 8],
  ])("with %i samples in %s, %s, is decoded in the page", (samples, photometric, syntax, bits) => {
    expect(idOf(samples, photometric, syntax, bits)).toBe("wadors");
  });

  it.each([
    [1, "PALETTE COLOR", "1.2.840.10008.1.2.5", 8],
    [3, "YBR_FULL_422", "1.2.840.10008.1.2.1", 8],
    [3, "RGB", "1.2.840.10008.1.2.4.51", 8],
    [3, "RGB", "1.2.840.10008.1.2.5", 16],
  ])("with %i samples in %s, %s, is rendered by the node", (samples, photometric, syntax, bits) => {
    expect(idOf(samples, photometric, syntax, bits)).toBe("rendered");
  });
});

describe("an image of greys", () => {
  const grey = {
    "00280002": { vr: "US", Value: [1] },
    "00280004": { vr: "CS", Value: ["MONOCHROME2"] },
    "00280100": { vr: "US", Value: [16] },
    "00280101": { vr: "US", Value: [12] },
    "00280102": { vr: "US", Value: [11] },
  };
  const table = { vr: "SQ", Value: [{}] };
  const width = { vr: "DS", Value: [400] };

  it.each([
    ["single bits", { "00280100": { vr: "US", Value: [1] } }],
    ["a high bit elsewhere", { "00280102": { vr: "US", Value: [15] } }],
    ["an overlay in its words", { "60020100": { vr: "US", Value: [16] } }],
    ["a Modality LUT", { "00283000": table }],
    ["a VOI LUT alone", { "00283010": table }],
  ])("with %s is rendered by the node", (_, more) => {
    expect(imageIdOf({ ...grey, ...more }, URL)).toMatch(/^rendered:/);
  });

  it.each([
    ["no more", {}],
    ["an overlay of its own", { "60020100": { vr: "US", Value: [1] } }],
    ["a VOI LUT and a window", { "00283010": table, "00281051": width }],
  ])("with %s is decoded in the page", (_, more) => {
    expect(imageIdOf({ ...grey, ...more }, URL)).toMatch(/^wadors:/);
  });
});
