/** The image plane in the patient's coordinates (LPS, mm), PS3.3 C.7.6.2.1.1. */

export type Point3 = readonly [number, number, number];
export type Point2 = readonly [number, number];

export interface Plane {
  /** Centre of the first pixel, Image Position (Patient). */
  origin: Point3;
  /** Unit vector along a row, the direction in which the column index grows. */
  row: Point3;
  /** Unit vector along a column, the direction in which the row index grows. */
  column: Point3;
  /** Distance of neighbours within a row and within a column, in mm. */
  spacingMm: readonly [alongRow: number, alongColumn: number];
}

export function dot(a: Point3, b: Point3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Point3, b: Point3): Point3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function subtract(a: Point3, b: Point3): Point3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

export function normal(plane: Plane): Point3 {
  return cross(plane.row, plane.column);
}

/** Signed distance of a point from the plane in mm. */
export function distanceMm(plane: Plane, point: Point3): number {
  return dot(normal(plane), subtract(point, plane.origin));
}

/** Continuous pixel index (column, row) of a point, (0, 0) being the centre of the first pixel. */
export function patientToPixel(plane: Plane, point: Point3): Point2 {
  const offset = subtract(point, plane.origin);
  return [dot(offset, plane.row) / plane.spacingMm[0], dot(offset, plane.column) / plane.spacingMm[1]];
}

export function pixelToPatient(plane: Plane, [x, y]: Point2): Point3 {
  const along = x * plane.spacingMm[0];
  const down = y * plane.spacingMm[1];
  const { origin, row, column } = plane;
  return [
    origin[0] + row[0] * along + column[0] * down,
    origin[1] + row[1] * along + column[1] * down,
    origin[2] + row[2] * along + column[2] * down,
  ];
}

export function parallel(a: Plane, b: Plane): boolean {
  return Math.abs(dot(normal(a), normal(b))) > 0.999;
}

export function centroid(points: readonly Point3[]): Point3 {
  const sum = points.reduce<[number, number, number]>(
    ([x, y, z], point) => [x + point[0], y + point[1], z + point[2]],
    [0, 0, 0],
  );
  const count = Math.max(1, points.length);
  return [sum[0] / count, sum[1] / count, sum[2] / count];
}

/** Index of the plane that is nearest to the point; undefined when none is known. */
export function nearestPlane(planes: readonly (Plane | null)[], point: Point3): number | undefined {
  let best: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  planes.forEach((plane, index) => {
    const distance = plane ? Math.abs(distanceMm(plane, point)) : Number.POSITIVE_INFINITY;
    if (distance < least) {
      least = distance;
      best = index;
    }
  });
  return best;
}

/** Letters for where a direction points to in the patient, such as "L" or "AL", PS3.3 C.7.6.1.1.1. */
export function directionLetters(direction: Point3): string {
  const letters: readonly (readonly [string, string])[] = [
    ["L", "R"],
    ["P", "A"],
    ["H", "F"],
  ];
  return direction
    .map((value, axis) => ({ size: Math.abs(value), letter: letters[axis]?.[value > 0 ? 0 : 1] ?? "" }))
    .filter(({ size }) => size > 0.25)
    .sort((a, b) => b.size - a.size)
    .map(({ letter }) => letter)
    .join("");
}
