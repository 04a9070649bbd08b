/** What is drawn over an image for the region of a finding, and on which image that is. */
import {
  centroid,
  distanceMm,
  nearestPlane,
  type Plane,
  type Point2,
  type Point3,
  parallel,
  patientToPixel,
  pixelToPatient,
} from "../dicom/geometry";
import type { Region } from "../reports/findings";
import { outlines } from "./contours";
import type { Frame } from "./frames";
import { graphicShapes, type Shape } from "./graphics";
import { areaOf, framesOfSegments, maskOf, type Segmentation, type SegmentFrame } from "./segmentation";

export type Segmentations = ReadonlyMap<string, Segmentation>;

/** Index of the frame that shows a finding best; undefined when it is not in this series. */
export function frameOfRegions(
  regions: readonly Region[],
  frames: readonly Frame[],
  segmentations: Segmentations,
): number | undefined {
  for (const region of regions) {
    const index = frameOfRegion(region, frames, segmentations);
    if (index !== undefined) return index;
  }
  return undefined;
}

function frameOfRegion(
  region: Region,
  frames: readonly Frame[],
  segmentations: Segmentations,
): number | undefined {
  if (region.kind === "image") {
    const index = frames.findIndex((frame) => isFrame(frame, region.sopInstanceUid, region.frame));
    return index < 0 ? undefined : index;
  }
  const planes = frames.map(({ plane }) => plane);
  if (region.kind === "space") return nearestPlane(planes, centroid(region.points));
  const segmentation = segmentations.get(region.sopInstanceUid);
  if (!segmentation) return undefined;
  const largest = largestFrame(segmentation, region.segments);
  if (!largest) return undefined;
  const source = frames.findIndex((frame) => frame.sopInstanceUid === largest.sourceSopInstanceUid);
  if (source >= 0) return source;
  return largest.plane ? nearestPlane(planes, centreOf(largest.plane, segmentation)) : undefined;
}

function isFrame(frame: Frame, sopInstanceUid: string, frameNumber: number): boolean {
  return frame.sopInstanceUid === sopInstanceUid && frame.frameNumber === frameNumber;
}

function largestFrame(segmentation: Segmentation, segments: readonly number[]): SegmentFrame | undefined {
  let best: SegmentFrame | undefined;
  let most = 0;
  for (const frame of framesOfSegments(segmentation, segments)) {
    const size = areaOf(segmentation, frame, segments);
    if (size > most) {
      most = size;
      best = frame;
    }
  }
  return best;
}

function centreOf(plane: Plane, { columns, rows }: Segmentation): Point3 {
  return pixelToPatient(plane, [columns / 2, rows / 2]);
}

/** The parts of the regions that lie in one frame. */
export function shapesOn(frame: Frame, regions: readonly Region[], segmentations: Segmentations): Shape[] {
  return regions.flatMap((region) => {
    if (region.kind === "image") return imageShapes(frame, region);
    if (region.kind === "space") return spaceShapes(frame, region.graphic, region.points);
    const segmentation = segmentations.get(region.sopInstanceUid);
    return segmentation ? segmentShapes(frame, segmentation, region.segments) : [];
  });
}

function imageShapes(frame: Frame, region: Region & { kind: "image" }): Shape[] {
  if (!isFrame(frame, region.sopInstanceUid, region.frame)) return [];
  // SCOORD counts from the corner of the first pixel, PS3.3 C.18.6.1.1.
  const points = region.points.map(([x, y]): Point2 => [x - 0.5, y - 0.5]);
  return graphicShapes(region.graphic, points);
}

function spaceShapes({ plane, thicknessMm }: Frame, graphic: string, points: readonly Point3[]): Shape[] {
  if (!plane || points.length === 0) return [];
  const reach = Math.max(0.5, thicknessMm / 2) + 0.01;
  const inPlane = (point: Point3) => Math.abs(distanceMm(plane, point)) <= reach;
  const near = graphic === "MULTIPOINT" ? points.filter(inPlane) : points.every(inPlane) ? points : [];
  return graphicShapes(
    graphic,
    near.map((point) => patientToPixel(plane, point)),
  );
}

function segmentShapes(frame: Frame, segmentation: Segmentation, segments: readonly number[]): Shape[] {
  return framesOfSegments(segmentation, segments)
    .filter((part) => liesIn(part, frame))
    .map((part) => ({
      rings: outlines(maskOf(segmentation, part, segments)).map((ring) => onto(frame, part.plane, ring)),
      closed: true,
      filled: true,
    }))
    .filter(({ rings }) => rings.length > 0);
}

function liesIn({ plane, sourceSopInstanceUid }: SegmentFrame, frame: Frame): boolean {
  if (sourceSopInstanceUid === frame.sopInstanceUid) return true;
  if (!plane || !frame.plane || !parallel(plane, frame.plane)) return false;
  return Math.abs(distanceMm(frame.plane, plane.origin)) <= Math.min(0.5, frame.thicknessMm / 2);
}

/** From the pixels of a segmentation to those of the image: they need not have the same grid. */
function onto(frame: Frame, from: Plane | null, ring: Point2[]): Point2[] {
  const { plane } = frame;
  if (!plane || !from) return ring;
  return ring.map((point) => patientToPixel(plane, pixelToPatient(from, point)));
}
