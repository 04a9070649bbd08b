import type { Point2 } from "../dicom/geometry";

/** A rectangle of pixels, each inside (not 0) or outside. */
export interface Mask {
  columns: number;
  rows: number;
  pixels: Uint8Array;
}

type Step = readonly [dx: number, dy: number];

const RIGHT: Step = [1, 0];
const DOWN: Step = [0, 1];
const LEFT: Step = [-1, 0];
const UP: Step = [0, -1];

/**
 * The outlines of a mask along the edges of its pixels, holes included.
 *
 * Each ring is closed, without its first point at the end, in continuous pixel indices where (0, 0) is
 * the centre of the first pixel; the mask lies at the right hand of the direction of travel.
 */
export function outlines(mask: Mask): Point2[][] {
  const edges = boundaryEdges(mask);
  const rings: Point2[][] = [];
  for (const start of edges.keys()) {
    while ((edges.get(start)?.length ?? 0) > 0) rings.push(follow(edges, start, mask.columns + 1));
  }
  return rings;
}

/** The sides of a pixel: the neighbour beyond, the corner where the side begins, and its direction. */
const SIDES = [
  { beyond: UP, from: [0, 0], step: RIGHT },
  { beyond: RIGHT, from: [1, 0], step: DOWN },
  { beyond: DOWN, from: [1, 1], step: LEFT },
  { beyond: LEFT, from: [0, 1], step: UP },
] as const;

/** The steps that leave each corner of the pixel grid along the mask's boundary. */
function boundaryEdges({ columns, rows, pixels }: Mask): Map<number, Step[]> {
  const edges = new Map<number, Step[]>();
  const inside = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < columns && y < rows && pixels[y * columns + x] !== 0;
  pixels.forEach((pixel, at) => {
    if (pixel === 0) return;
    const [x, y] = [at % columns, Math.floor(at / columns)];
    for (const { beyond, from, step } of SIDES) {
      if (inside(x + beyond[0], y + beyond[1])) continue;
      const corner = (y + from[1]) * (columns + 1) + x + from[0];
      edges.set(corner, [...(edges.get(corner) ?? []), step]);
    }
  });
  return edges;
}

/** Take the edges of one ring away and give its corners; straight runs become one line. */
function follow(edges: Map<number, Step[]>, start: number, stride: number): Point2[] {
  const ring: Point2[] = [];
  let corner = start;
  let last: Step | undefined;
  do {
    const step = takeStep(edges.get(corner), last);
    if (!step) break;
    if (step !== last) ring.push([(corner % stride) - 0.5, Math.floor(corner / stride) - 0.5]);
    last = step;
    corner += step[0] + step[1] * stride;
  } while (corner !== start);
  return ring;
}

/** Where two pixels touch at a corner only, turn right, so that each keeps its own ring. */
function takeStep(steps: Step[] | undefined, last: Step | undefined): Step | undefined {
  if (!steps || steps.length < 2 || !last) return steps?.pop();
  const right = steps.findIndex(([dx, dy]) => last[0] * dy - last[1] * dx > 0);
  return steps.splice(Math.max(0, right), 1)[0];
}
