/** What the page needs to know of an SR document beside its findings. */
import { type JsonDataset, sequence, text } from "../dicom/json";
import { SOP_CLASS, TAG } from "../dicom/tags";
import { type ContentItem, isCode, readContent } from "./content";
import { type Finding, readFindings } from "./findings";

export interface Report {
  content: ContentItem;
  findings: Finding[];
  /** DCM 111017, such as "All algorithms succeeded; without findings". */
  summary: string;
  notForClinicalUse: boolean;
  verified: boolean;
  /** Series Instance UID of each referenced SOP Instance UID. */
  seriesOf: ReadonlyMap<string, string>;
  /** Referenced series that are images, the first one first. */
  imageSeries: readonly string[];
}

const SUMMARY = "111017";

export function readReport(dataset: JsonDataset): Report {
  const content = readContent(dataset);
  const seriesDescription = text(dataset, TAG.seriesDescription);
  const seriesOf = new Map<string, string>();
  const imageSeries = new Set<string>();
  for (const { seriesUid, sopClassUid, sopInstanceUid } of references(dataset)) {
    seriesOf.set(sopInstanceUid, seriesUid);
    if (sopClassUid !== SOP_CLASS.segmentation) imageSeries.add(seriesUid);
  }
  return {
    content,
    findings: readFindings(content),
    summary: findSummary(content),
    notForClinicalUse:
      /not for clinical use|\bmock\b/i.test(seriesDescription) ||
      text(dataset, TAG.contentQualification) === "RESEARCH",
    verified: text(dataset, TAG.verificationFlag) === "VERIFIED",
    seriesOf,
    imageSeries: [...imageSeries],
  };
}

/** All that Current Requested Procedure Evidence Sequence names, PS3.3 C.17.2. */
function references(dataset: JsonDataset) {
  return sequence(dataset, TAG.evidence).flatMap((study) =>
    sequence(study, TAG.referencedSeries).flatMap((series) =>
      sequence(series, TAG.referencedSop).map((instance) => ({
        seriesUid: text(series, TAG.seriesInstanceUid),
        sopClassUid: text(instance, TAG.referencedSopClassUid),
        sopInstanceUid: text(instance, TAG.referencedSopInstanceUid),
      })),
    ),
  );
}

function findSummary(item: ContentItem): string {
  if (isCode(item.concept, SUMMARY) && item.value.type === "CODE") return item.value.code.meaning;
  for (const child of item.children) {
    const found = findSummary(child);
    if (found) return found;
  }
  return "";
}
