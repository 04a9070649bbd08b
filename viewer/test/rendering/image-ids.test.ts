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
