/** What is asked of a remote archive, and what it answers: as it was typed, as it is sent, as it is shown. */

import { formatDate, readTypedDate } from "../dicom/dates";
import { formatPersonName } from "../dicom/person-name";
import type { Schemas } from "../http/schemas";

export type Retrieval = Schemas["Retrieval"];

/** Values of a match by keyword of PS3.6. */
export type Match = Readonly<Record<string, string>>;

/** The form, all as it was typed. */
export interface Wanted {
  name: string;
  patientId: string;
  from: string;
  to: string;
  modality: string;
  accession: string;
}

export const NOTHING: Wanted = { name: "", patientId: "", from: "", to: "", modality: "", accession: "" };

/** Why the form cannot be sent; empty when it can. */
export function problemOf(wanted: Wanted): string {
  if (readTypedDate(wanted.from) === undefined || readTypedDate(wanted.to) === undefined) {
    return "A date is written as YYYY-MM-DD.";
  }
  const { modality: _, ...rest } = wanted;
  // A modality alone, or nothing at all, would ask for most of an archive.
  if (Object.values(rest).every((value) => value.trim() === "")) {
    return "Enter a name, a patient ID, a date or an accession number.";
  }
  return "";
}

/** The keys of the C-FIND; a name without a wildcard also finds what begins with it. */
export function keysOf(wanted: Wanted): Record<string, string> {
  const name = wanted.name.trim();
  const range = rangeOf(readTypedDate(wanted.from) ?? "", readTypedDate(wanted.to) ?? "");
  const keys = {
    PatientName: name === "" || /[*?]/.test(name) ? name : `${name.replace(/,\s*/, "^")}*`,
    PatientID: wanted.patientId.trim(),
    StudyDate: range,
    ModalitiesInStudy: wanted.modality,
    AccessionNumber: wanted.accession.trim(),
  };
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== ""));
}

/** A range of PS3.4 C.2.2.2.5: open at either end, one day, or none. */
function rangeOf(from: string, to: string): string {
  if (from === to) return from;
  return `${from}-${to}`;
}

/** One study as the list shows it. */
export interface FoundStudy {
  studyUid: string;
  name: string;
  patientId: string;
  date: string;
  modalities: string;
  description: string;
  accession: string;
  images: string;
}

export function studyOf(match: Match): FoundStudy {
  const value = (keyword: string) => match[keyword] ?? "";
  return {
    studyUid: value("StudyInstanceUID"),
    name: formatPersonName(value("PatientName")),
    patientId: value("PatientID"),
    date: formatDate(value("StudyDate")),
    modalities: value("ModalitiesInStudy").split("\\").join(", "),
    description: value("StudyDescription"),
    accession: value("AccessionNumber"),
    images: value("NumberOfStudyRelatedInstances"),
  };
}

export const isUnfinished = ({ status }: Retrieval) => status === "queued" || status === "running";

/** How much of a retrieval is done; 0 until the peer counts. */
export function percentOf(retrieval: Retrieval): number {
  if (!isUnfinished(retrieval) && retrieval.status !== "canceled") return 100;
  const done = retrieval.completed + retrieval.warning + retrieval.failed;
  const all = done + (retrieval.remaining ?? 0);
  return retrieval.remaining === null || all === 0 ? 0 : Math.round((100 * done) / all);
}

const ENDED: Record<Retrieval["status"], string> = {
  queued: "Waiting",
  running: "Retrieving",
  complete: "Complete",
  partial: "Incomplete",
  failed: "Failed",
  canceled: "Canceled",
};

/** One line about a retrieval, such as "Incomplete: 10 images, 2 failed". */
export function retrievalText(retrieval: Retrieval): string {
  const start = retrieval.cancel_requested && isUnfinished(retrieval) ? "Stopping" : ENDED[retrieval.status];
  const came = retrieval.completed + retrieval.warning;
  const parts = [came > 0 ? `${came} ${came === 1 ? "image" : "images"}` : ""];
  if (retrieval.failed > 0) parts.push(`${retrieval.failed} failed`);
  if (isUnfinished(retrieval) && retrieval.remaining) parts.push(`${retrieval.remaining} to come`);
  const counts = parts.filter((part) => part !== "").join(", ");
  return counts ? `${start}: ${counts}` : start;
}
