/** Findings of a TID 1500 "Imaging Measurement Report", PS3.16. */
import type { Point2, Point3 } from "../dicom/geometry";
import { SOP_CLASS } from "../dicom/tags";
import { type Code, type ContentItem, isCode } from "./content";

export interface Measurement {
  name: string;
  value: number;
  unit: string;
}

/** Where a finding is: on the pixels of an image, in the patient's space, or a segment of a SEG. */
export type Region =
  | { kind: "image"; graphic: string; points: Point2[]; sopInstanceUid: string; frame: number }
  | { kind: "space"; graphic: string; points: Point3[]; frameOfReferenceUid: string }
  | { kind: "segment"; sopInstanceUid: string; segments: number[] };

export interface Finding {
  /** Unique within the report. */
  key: string;
  name: string;
  site: string;
  laterality: string;
  /** DCM 111012 in percent. */
  certaintyPercent: number | null;
  measurements: Measurement[];
  /** Further codes of the group, such as qualitative evaluations. */
  evaluations: { name: string; value: string }[];
  trackingIdentifier: string;
  trackingUid: string;
  regions: Region[];
}

const MEASUREMENT_GROUP = "125007";
const FINDING = "121071";
const FINDING_CATEGORY = "276214006";
const FINDING_SITE = "363698007";
const LATERALITY = "272741003";
const CERTAINTY = "111012";
const TRACKING_IDENTIFIER = "112039";
const TRACKING_UID = "112040";
const SEGMENTS = new Set(["121191", "121214"]);

export function readFindings(report: ContentItem): Finding[] {
  const found = new Map<string, Finding>();
  measurementGroups(report).forEach((group, index) => {
    const finding = readFinding(group, index);
    const same = found.get(finding.key);
    found.set(finding.key, same ? joined(same, finding) : finding);
  });
  return [...found.values()];
}

/** TID 1410 and 1411 describe one region each: groups with one Tracking UID are one finding. */
function joined(first: Finding, second: Finding): Finding {
  return {
    ...first,
    certaintyPercent: first.certaintyPercent ?? second.certaintyPercent,
    measurements: [...first.measurements, ...second.measurements],
    evaluations: [...first.evaluations, ...second.evaluations],
    regions: [...first.regions, ...second.regions],
  };
}

function measurementGroups(item: ContentItem): ContentItem[] {
  if (item.value.type === "CONTAINER" && isCode(item.concept, MEASUREMENT_GROUP)) return [item];
  return item.children.flatMap(measurementGroups);
}

function readFinding(group: ContentItem, index: number): Finding {
  const site = child(group, FINDING_SITE, "SCT");
  const numbers = group.children.flatMap(readMeasurement);
  const trackingUid = textOf(child(group, TRACKING_UID));
  const trackingIdentifier = textOf(child(group, TRACKING_IDENTIFIER));
  const name = capitalised(textOf(child(group, FINDING)) || trackingIdentifier || "Finding");
  return {
    key: trackingUid ? `${trackingUid} ${name}` : String(index),
    name,
    site: textOf(site),
    laterality: site ? textOf(child(site, LATERALITY, "SCT")) : "",
    certaintyPercent: numbers.find(({ concept }) => isCode(concept, CERTAINTY))?.value ?? null,
    measurements: numbers.filter(({ concept }) => !isCode(concept, CERTAINTY)),
    evaluations: group.children.flatMap(readEvaluation),
    trackingIdentifier,
    trackingUid,
    regions: readRegions(group),
  };
}

function child(item: ContentItem, value: string, scheme?: string): ContentItem | undefined {
  return item.children.find(({ concept }) => isCode(concept, value, scheme));
}

function textOf(item: ContentItem | undefined): string {
  if (item?.value.type === "CODE") return item.value.code.meaning;
  return item?.value.type === "TEXT" ? item.value.text : "";
}

function readMeasurement({ concept, value }: ContentItem): (Measurement & { concept: Code | null })[] {
  if (value.type !== "NUM" || value.number === null) return [];
  return [{ concept, name: concept?.meaning ?? "", value: value.number, unit: unitText(value.unit) }];
}

/** What modifies a concept (the algorithm, the site) is no statement about the patient. */
function readEvaluation({ relationship, concept, value }: ContentItem): { name: string; value: string }[] {
  if (value.type !== "CODE" || !concept || relationship !== "CONTAINS") return [];
  const named = [FINDING, FINDING_SITE, FINDING_CATEGORY].includes(concept.value);
  return named ? [] : [{ name: concept.meaning, value: value.code.meaning }];
}

/** UCUM code values are what a reader knows: "mm", "cm3", "%", "[hnsf'U]" but for the last and for 1. */
export function unitText(unit: Code | null): string {
  if (!unit || unit.value === "1" || unit.value.startsWith("{")) return "";
  const known: Record<string, string> = { "[hnsf'U]": "HU", mm3: "mm³", cm3: "cm³", mm2: "mm²", cm2: "cm²" };
  return known[unit.value] ?? unit.value;
}

function readRegions(item: ContentItem): Region[] {
  return item.children.flatMap((content) => {
    const { value } = content;
    if (value.type === "SCOORD3D") return [{ kind: "space", ...value } as const];
    if (value.type === "SCOORD") return imageRegion(content);
    if (value.type === "IMAGE") return segmentRegion(content);
    // A measurement may carry the region that it was inferred from.
    return value.type === "NUM" ? readRegions(content) : [];
  });
}

function imageRegion({ value, children }: ContentItem): Region[] {
  const source = children.find((item) => item.value.type === "IMAGE")?.value;
  if (value.type !== "SCOORD" || source?.type !== "IMAGE") return [];
  const { sopInstanceUid, frames } = source.reference;
  return [
    { kind: "image", graphic: value.graphic, points: value.points, sopInstanceUid, frame: frames[0] ?? 1 },
  ];
}

function segmentRegion({ concept, value }: ContentItem): Region[] {
  if (value.type !== "IMAGE") return [];
  const { sopClassUid, sopInstanceUid, segments } = value.reference;
  const isSegment = sopClassUid === SOP_CLASS.segmentation || SEGMENTS.has(concept?.value ?? "");
  return isSegment ? [{ kind: "segment", sopInstanceUid, segments }] : [];
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
