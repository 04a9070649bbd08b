/** Segmentation objects, PS3.3 A.51 and A.90: which pixels of which plane belong to a segment. */
import type { Plane } from "../dicom/geometry";
import { firstItem, type JsonDataset, number, sequence, text } from "../dicom/json";
import { TAG } from "../dicom/tags";
import type { Mask } from "./contours";
import { functionalGroup, planeOf } from "./frames";

export interface SegmentFrame {
  index: number;
  /** Null in a label map, where the pixels name their segment. */
  segment: number | null;
  plane: Plane | null;
  /** The image that the frame was derived from, where the object says so. */
  sourceSopInstanceUid: string;
}

export interface Segmentation {
  rows: number;
  columns: number;
  bitsAllocated: number;
  fractionalMaximum: number | null;
  frames: SegmentFrame[];
  labels: ReadonlyMap<number, string>;
  /** Native pixel data, little endian; BINARY ones are packed bit by bit over the frames. */
  pixels: Uint8Array;
}

export function readSegmentation(metadata: JsonDataset, pixels: Uint8Array): Segmentation {
  const labelMap = text(metadata, TAG.segmentationType) === "LABELMAP";
  const count = number(metadata, TAG.numberOfFrames) ?? 1;
  return {
    rows: number(metadata, TAG.rows) ?? 0,
    columns: number(metadata, TAG.columns) ?? 0,
    bitsAllocated: number(metadata, TAG.bitsAllocated) ?? 1,
    fractionalMaximum: labelMap ? null : (number(metadata, TAG.maximumFractionalValue) ?? null),
    frames: Array.from({ length: count }, (_, index) => readFrame(metadata, index, labelMap)),
    labels: new Map(
      sequence(metadata, TAG.segmentSequence).map((item) => [
        number(item, TAG.segmentNumber) ?? 0,
        text(item, TAG.segmentLabel),
      ]),
    ),
    pixels,
  };
}

function readFrame(metadata: JsonDataset, index: number, labelMap: boolean): SegmentFrame {
  const identification = functionalGroup(metadata, index, TAG.segmentIdentification);
  const source = firstItem(functionalGroup(metadata, index, TAG.derivationImage), TAG.sourceImage);
  return {
    index,
    segment: labelMap ? null : (number(identification ?? {}, TAG.referencedSegmentNumber) ?? 1),
    plane: planeOf(metadata, index),
    sourceSopInstanceUid: source ? text(source, TAG.referencedSopInstanceUid) : "",
  };
}

/** The frames that may hold a part of these segments; no number means all of them. */
export function framesOfSegments(segmentation: Segmentation, segments: readonly number[]): SegmentFrame[] {
  return segmentation.frames.filter(
    ({ segment }) => segment === null || segments.length === 0 || segments.includes(segment),
  );
}

export function maskOf(segmentation: Segmentation, frame: SegmentFrame, segments: readonly number[]): Mask {
  const { rows, columns } = segmentation;
  const size = rows * columns;
  const pixels = new Uint8Array(size);
  const belongs = pixelTest(segmentation, segments);
  for (let at = 0; at < size; at += 1) {
    if (belongs(frame.index * size + at)) pixels[at] = 1;
  }
  return { rows, columns, pixels };
}

/** Whether the pixel at a place in the whole pixel data is inside. */
function pixelTest(segmentation: Segmentation, segments: readonly number[]): (at: number) => boolean {
  const { bitsAllocated, fractionalMaximum, pixels } = segmentation;
  if (bitsAllocated === 1) return (at) => (((pixels[at >> 3] ?? 0) >> (at & 7)) & 1) === 1;
  if (fractionalMaximum !== null) return (at) => (pixels[at] ?? 0) * 2 >= fractionalMaximum;
  const value =
    bitsAllocated === 16
      ? (at: number) => (pixels[at * 2] ?? 0) | ((pixels[at * 2 + 1] ?? 0) << 8)
      : (at: number) => pixels[at] ?? 0;
  return (at) => (segments.length === 0 ? value(at) !== 0 : segments.includes(value(at)));
}

/** The number of pixels of a frame that belong to the segments. */
export function areaOf(segmentation: Segmentation, frame: SegmentFrame, segments: readonly number[]): number {
  const size = segmentation.rows * segmentation.columns;
  const belongs = pixelTest(segmentation, segments);
  // Whole bytes without a pixel are most of a packed mask.
  const packed = segmentation.bitsAllocated === 1 && size % 8 === 0;
  let count = 0;
  for (let at = frame.index * size; at < (frame.index + 1) * size; at += 1) {
    if (packed && (at & 7) === 0 && segmentation.pixels[at >> 3] === 0) at += 7;
    else if (belongs(at)) count += 1;
  }
  return count;
}
