import { readTypedDate } from "../dicom/dates";

/** What the reader asks the worklist for; it stands in the address, so that it can be kept and shared. */
export interface WorklistSearch {
  search?: string;
  modality?: string;
  status?: string;
  from?: string;
  to?: string;
}

const NAMES = ["search", "modality", "status", "from", "to"] as const;

export function readWorklistSearch(search: Record<string, unknown>): WorklistSearch {
  const found: WorklistSearch = {};
  for (const name of NAMES) {
    const value = search[name];
    // The router reads 20260101 in an address as a number.
    if (typeof value === "string" || typeof value === "number") found[name] = String(value);
  }
  return withoutBlanks(found);
}

export function withoutBlanks(search: WorklistSearch): WorklistSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value?.trim()));
}

/** The parameters of `GET /api/v1/studies`; a date that is not understood filters nothing. */
export function toStudyFilters(search: WorklistSearch): Record<string, string | undefined> {
  return {
    search: search.search?.trim(),
    modality: search.modality,
    // Written by hand into the address, it may be anything.
    status: STATUSES.find((status) => status === search.status),
    from: readTypedDate(search.from ?? ""),
    to: readTypedDate(search.to ?? ""),
  };
}

/** Values of Modality, PS3.3 C.7.3.1.1.1, the usual ones first. */
export const MODALITIES = [
  ...["CT", "MR", "CR", "DX", "MG", "US", "PT", "NM", "XA", "RF", "RG", "SM", "OT", "SC"],
  ...["BMD", "DOC", "ECG", "ES", "GM", "IO", "IVUS", "KO", "OCT", "OP", "OPT", "PR", "PX"],
  ...["RTDOSE", "RTIMAGE", "RTPLAN", "RTSTRUCT", "SEG", "SR", "XC"],
];

export const STATUSES = ["RECEIVING", "PENDING", "ANALYZING", "COMPLETE", "PARTIAL", "FAILED", "SKIPPED"];
