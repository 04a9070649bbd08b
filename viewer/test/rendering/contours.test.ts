import { describe, expect, it } from "vitest";
import { outlines } from "../../src/rendering/contours";

function mask(...lines: string[]) {
  const columns = lines[0]?.length ?? 0;
  const pixels = new Uint8Array([...lines.join("")].map((sign) => Number(sign === "#")));
  return { rows: lines.length, columns, pixels };
}

const area = (ring: readonly (readonly [number, number])[]) =>
  ring.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = ring[(index + 1) % ring.length] ?? [0, 0];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);

describe("the outline of a mask", () => {
  it("of one pixel is its four corners", () => {
    const [ring, ...others] = outlines(mask("...", ".#.", "..."));
    expect(others).toEqual([]);
    expect(ring).toEqual([
      [0.5, 0.5],
      [1.5, 0.5],
      [1.5, 1.5],
      [0.5, 1.5],
    ]);
  });

  it("has no corner in a straight run", () => {
    expect(outlines(mask("####"))[0]).toHaveLength(4);
  });

  it("runs around holes in the other direction", () => {
    const rings = outlines(mask("###", "#.#", "###"));
    expect(rings.map(area).sort((a, b) => a - b)).toEqual([-1, 9]);
  });

  it("keeps pixels apart that touch at a corner only", () => {
    const rings = outlines(mask("#.", ".#"));
    expect(rings.map(area)).toEqual([1, 1]);
  });

  it("reaches to the border of the image", () => {
    expect(outlines(mask("##", "##")).map(area)).toEqual([4]);
  });

  it("of nothing is nothing", () => {
    expect(outlines(mask("..", ".."))).toEqual([]);
  });
});
