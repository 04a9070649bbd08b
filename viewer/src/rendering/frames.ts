/** The images of a series in the order in which a reader scrolls through them. */
import { distanceMm, type Plane, type Point3, parallel } from "../dicom/geometry";
import { firstItem, type JsonDataset, number, numbersOf, sequence, text } from "../dicom/json";
import { SOP_CLASS, TAG } from "../dicom/tags";
import { imageIdOf } from "./image-ids";
import type { Window } from "./presets";

export interface Frame {
  imageId: string;
  sopInstanceUid: string;
  /** One-based number of the frame in its instance. */
  frameNumber: number;
  instanceNumber: number;
  /** Null where the image has no place in the patient, such as a radiograph. */
  plane: Plane | null;
  thicknessMm: number;
  frameOfReferenceUid: string;
  metadata: JsonDataset;
}

const NO_IMAGE = new Set<string>([SOP_CLASS.segmentation, SOP_CLASS.labelMapSegmentation]);

/** Whether an instance has pixels that are meant for reading. */
export function isImage(metadata: JsonDataset): boolean {
  return (number(metadata, TAG.rows) ?? 0) > 0 && !NO_IMAGE.has(text(metadata, TAG.sopClassUid));
}

/** @param base where the instance is found, such as `https://node/dicom-web/studies/1.2/series/3.4` */
export function framesOf(instances: readonly JsonDataset[], base: string): Frame[] {
  return inReadingOrder(instances.filter(isImage).flatMap((metadata) => framesOfInstance(metadata, base)));
}

function framesOfInstance(metadata: JsonDataset, base: string): Frame[] {
  const sopInstanceUid = text(metadata, TAG.sopInstanceUid);
  const count = Math.max(1, number(metadata, TAG.numberOfFrames) ?? 1);
  return Array.from({ length: count }, (_, index) => ({
    imageId: imageIdOf(metadata, `${base}/instances/${sopInstanceUid}/frames/${index + 1}`),
    sopInstanceUid,
    frameNumber: index + 1,
    instanceNumber: number(metadata, TAG.instanceNumber) ?? 0,
    plane: planeOf(metadata, index),
    thicknessMm: thicknessOf(metadata, index),
    frameOfReferenceUid: text(metadata, TAG.frameOfReferenceUid),
    metadata,
  }));
}

/** A functional group of a frame: its own, or the one shared by all, PS3.3 C.7.6.16. */
export function functionalGroup(metadata: JsonDataset, index: number, tag: string): JsonDataset | undefined {
  const own = sequence(metadata, TAG.perFrameGroups)[index];
  return firstItem(own, tag) ?? firstItem(firstItem(metadata, TAG.sharedGroups), tag);
}

export function planeOf(metadata: JsonDataset, index: number): Plane | null {
  const position = functionalGroup(metadata, index, TAG.planePosition) ?? metadata;
  const orientation = functionalGroup(metadata, index, TAG.planeOrientation) ?? metadata;
  const measures = functionalGroup(metadata, index, TAG.pixelMeasures) ?? metadata;
  const origin = numbersOf(position, TAG.imagePosition);
  const cosines = numbersOf(orientation, TAG.imageOrientation);
  const [betweenRows, betweenColumns] = numbersOf(measures, TAG.pixelSpacing);
  if (origin.length !== 3 || cosines.length !== 6 || !betweenRows || !betweenColumns) return null;
  return {
    origin: origin as unknown as Point3,
    row: cosines.slice(0, 3) as unknown as Point3,
    column: cosines.slice(3) as unknown as Point3,
    spacingMm: [betweenColumns, betweenRows],
  };
}

/** The window that an image asks for, its first one where it has several. */
export function ownWindow({ metadata, frameNumber }: Frame): Window | null {
  const group = functionalGroup(metadata, frameNumber - 1, TAG.frameVoiLut) ?? metadata;
  const [center, width] = [number(group, TAG.windowCenter), number(group, TAG.windowWidth)];
  return center === undefined || width === undefined ? null : { center, width };
}

function thicknessOf(metadata: JsonDataset, index: number): number {
  const measures = functionalGroup(metadata, index, TAG.pixelMeasures) ?? metadata;
  return number(measures, TAG.sliceThickness) ?? 1;
}

/**
 * Instance Number orders a series, unless the images are a stack of parallel planes: then their place
 * does, in the direction in which the numbers grow.
 */
function inReadingOrder(frames: Frame[]): Frame[] {
  const byNumber = [...frames].sort(
    (a, b) => a.instanceNumber - b.instanceNumber || a.frameNumber - b.frameNumber,
  );
  const [first, last] = [byNumber[0], byNumber.at(-1)];
  if (!first?.plane || !last) return byNumber;
  const { plane } = first;
  const places = new Map<Frame, number>();
  for (const frame of byNumber) {
    if (!frame.plane || !parallel(plane, frame.plane)) return byNumber;
    places.set(frame, distanceMm(plane, frame.plane.origin));
  }
  const distinct = new Set([...places.values()].map((place) => place.toFixed(2)));
  if (distinct.size !== frames.length) return byNumber;
  const place = (frame: Frame) => places.get(frame) ?? 0;
  const sign = place(last) < place(first) ? -1 : 1;
  return byNumber.sort((a, b) => sign * (place(a) - place(b)));
}
