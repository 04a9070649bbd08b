import type { Point2 } from "../dicom/geometry";

/** Rings or lines in continuous pixel indices of the image, (0, 0) being the centre of the first pixel. */
export interface Shape {
  rings: Point2[][];
  closed: boolean;
  /** The inside is tinted: a segment covers what it marks, an outline does not. */
  filled: boolean;
}

const MARK_PIXELS = 6;

/** Graphic types of SCOORD and SCOORD3D, PS3.3 C.18.6.1.2 and C.18.9.1.2. */
export function graphicShapes(graphic: string, points: Point2[]): Shape[] {
  if (points.length === 0) return [];
  switch (graphic) {
    case "POINT":
    case "MULTIPOINT":
      return [{ rings: points.flatMap(cross), closed: false, filled: false }];
    case "CIRCLE":
      return [{ rings: [circle(points)], closed: true, filled: false }];
    case "ELLIPSE":
      return [{ rings: [ellipse(points)], closed: true, filled: false }];
    default: {
      const [first, last] = [points[0], points.at(-1)];
      const closed = graphic === "POLYGON" || (points.length > 2 && samePoint(first, last));
      return [{ rings: [points], closed, filled: false }];
    }
  }
}

function samePoint(a: Point2 | undefined, b: Point2 | undefined): boolean {
  return !!a && !!b && Math.hypot(a[0] - b[0], a[1] - b[1]) < 0.01;
}

function cross([x, y]: Point2): Point2[][] {
  return [
    [
      [x - MARK_PIXELS, y],
      [x + MARK_PIXELS, y],
    ],
    [
      [x, y - MARK_PIXELS],
      [x, y + MARK_PIXELS],
    ],
  ];
}

/** The centre and a point on the circumference. */
function circle([centre, edge]: Point2[]): Point2[] {
  if (!centre || !edge) return [];
  const radius = Math.hypot(edge[0] - centre[0], edge[1] - centre[1]);
  return around((cos, sin) => [centre[0] + radius * cos, centre[1] + radius * sin]);
}

/** The ends of the major axis, then the ends of the minor one. */
function ellipse([a, b, c, d]: Point2[]): Point2[] {
  if (!a || !b || !c || !d) return [];
  const [x, y] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const major = [(b[0] - a[0]) / 2, (b[1] - a[1]) / 2] as const;
  const minor = [(d[0] - c[0]) / 2, (d[1] - c[1]) / 2] as const;
  return around((cos, sin) => [x + major[0] * cos + minor[0] * sin, y + major[1] * cos + minor[1] * sin]);
}

function around(at: (cos: number, sin: number) => Point2): Point2[] {
  return Array.from({ length: 72 }, (_, step) => {
    const angle = (step * Math.PI) / 36;
    return at(Math.cos(angle), Math.sin(angle));
  });
}
