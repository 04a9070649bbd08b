/** SR content items, PS3.3 C.17.3, from the DICOM JSON model. */
import type { Point2, Point3 } from "../dicom/geometry";
import { firstItem, type JsonDataset, number, numbersOf, personName, sequence, text } from "../dicom/json";
import { formatPersonName } from "../dicom/person-name";
import { TAG } from "../dicom/tags";

export interface Code {
  value: string;
  scheme: string;
  meaning: string;
}

export interface ImageReference {
  sopClassUid: string;
  sopInstanceUid: string;
  frames: number[];
  segments: number[];
}

export type ContentValue =
  | { type: "CONTAINER" }
  | { type: "CODE"; code: Code }
  | { type: "NUM"; number: number | null; unit: Code | null; missing: Code | null }
  | { type: "TEXT"; text: string }
  | { type: "IMAGE"; reference: ImageReference }
  | { type: "SCOORD"; graphic: string; points: Point2[] }
  | { type: "SCOORD3D"; graphic: string; points: Point3[]; frameOfReferenceUid: string }
  | { type: "OTHER"; valueType: string };

export interface ContentItem {
  relationship: string;
  concept: Code | null;
  value: ContentValue;
  children: ContentItem[];
}

export function readCode(item: JsonDataset | undefined): Code | null {
  if (!item) return null;
  // Long and URN code values have attributes of their own, PS3.3 8.8.
  const value = text(item, TAG.codeValue) || text(item, "00080119") || text(item, "00080120");
  return { value, scheme: text(item, TAG.codingScheme), meaning: text(item, TAG.codeMeaning) };
}

/** Whether an item or its value is this code; the meaning does not matter, PS3.3 8.1. */
export function isCode(code: Code | null, value: string, scheme = "DCM"): boolean {
  return code?.value === value && code.scheme === scheme;
}

export function readReference(item: JsonDataset | undefined): ImageReference {
  const from = item ?? {};
  return {
    sopClassUid: text(from, TAG.referencedSopClassUid),
    sopInstanceUid: text(from, TAG.referencedSopInstanceUid),
    frames: numbersOf(from, TAG.referencedFrameNumber),
    segments: numbersOf(from, TAG.referencedSegmentNumber),
  };
}

/** The content tree of a document; the root is the document's title. */
export function readContent(dataset: JsonDataset): ContentItem {
  return {
    relationship: text(dataset, TAG.relationshipType),
    concept: readCode(firstItem(dataset, TAG.conceptName)),
    value: readValue(dataset),
    children: sequence(dataset, TAG.contentSequence).map(readContent),
  };
}

type Reader = (item: JsonDataset) => ContentValue;

const asText =
  (tag: string): Reader =>
  (item) => ({ type: "TEXT", text: text(item, tag) });

const READERS: Record<string, Reader> = {
  CONTAINER: () => ({ type: "CONTAINER" }),
  CODE: (item) => ({
    type: "CODE",
    code: readCode(firstItem(item, TAG.conceptCode)) ?? { value: "", scheme: "", meaning: "" },
  }),
  NUM: readNumber,
  TEXT: asText(TAG.textValue),
  UIDREF: asText(TAG.uid),
  DATE: asText(TAG.date),
  TIME: asText(TAG.time),
  DATETIME: asText(TAG.dateTime),
  PNAME: (item) => ({ type: "TEXT", text: formatPersonName(personName(item, TAG.personName)) }),
  IMAGE: (item) => ({ type: "IMAGE", reference: readReference(firstItem(item, TAG.referencedSop)) }),
  COMPOSITE: (item) => ({ type: "IMAGE", reference: readReference(firstItem(item, TAG.referencedSop)) }),
  SCOORD: (item) => ({
    type: "SCOORD",
    graphic: text(item, TAG.graphicType),
    points: groups(numbersOf(item, TAG.graphicData), 2) as unknown as Point2[],
  }),
  SCOORD3D: (item) => ({
    type: "SCOORD3D",
    graphic: text(item, TAG.graphicType),
    points: groups(numbersOf(item, TAG.graphicData), 3) as unknown as Point3[],
    frameOfReferenceUid: text(item, TAG.referencedFrameOfReferenceUid),
  }),
};

function readValue(item: JsonDataset): ContentValue {
  const valueType = text(item, TAG.valueType);
  return READERS[valueType]?.(item) ?? { type: "OTHER", valueType };
}

function readNumber(item: JsonDataset): ContentValue {
  const measured = firstItem(item, TAG.measuredValue);
  return {
    type: "NUM",
    number: measured ? (number(measured, TAG.numericValue) ?? null) : null,
    unit: readCode(firstItem(measured, TAG.measurementUnits)),
    missing: readCode(firstItem(item, TAG.numericQualifier)),
  };
}

function groups(flat: readonly number[], size: number): number[][] {
  const found: number[][] = [];
  for (let at = 0; at + size <= flat.length; at += size) found.push(flat.slice(at, at + size));
  return found;
}
