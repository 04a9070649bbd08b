import { readTypedDate } from "../dicom/dates";
import type { Schemas } from "../http/schemas";

export type Entry = Schemas["Entry"];
export type Step = Schemas["ProcedureStep"];

/** A step to be scheduled, as it was typed. */
export interface Draft {
  family: string;
  given: string;
  patientId: string;
  birthDate: string;
  sex: string;
  accession: string;
  description: string;
  modality: string;
  station: string;
  date: string;
  time: string;
}

export const NOTHING: Draft = {
  family: "",
  given: "",
  patientId: "",
  birthDate: "",
  sex: "",
  accession: "",
  description: "",
  modality: "CT",
  station: "",
  date: "",
  time: "",
};

export type DraftErrors = Partial<Record<keyof Draft, string>>;

/** What modalities could not be told without, PS3.4 Table K.6-1. */
export function checkDraft(draft: Draft): DraftErrors {
  const errors: DraftErrors = {};
  if (!draft.family.trim()) errors.family = "The patient's name";
  if (/[\\^=]/.test(draft.family + draft.given)) errors.family = "A name without \\, ^ and =";
  if (!draft.patientId.trim()) errors.patientId = "The patient's ID";
  if (!draft.station.trim()) errors.station = "The AE title of the modality";
  if (!readTypedDate(draft.date)) errors.date = "A date: YYYY-MM-DD";
  if (readTypedDate(draft.birthDate) === undefined) errors.birthDate = "A date: YYYY-MM-DD";
  if (readTypedTime(draft.time) === undefined) errors.time = "A time: HH:MM";
  return errors;
}

/** A time as DICOM writes it (TM); anything that is none is undefined. */
export function readTypedTime(text: string): string | undefined {
  const match = /^([01]?\d|2[0-3]):?([0-5]\d)$/.exec(text.trim());
  return match ? `${match[1]?.padStart(2, "0")}${match[2]}` : undefined;
}

/** "0930" and "093000" as "09:30". */
export function formatTime(value: string): string {
  return /^\d{4}/.test(value) ? `${value.slice(0, 2)}:${value.slice(2, 4)}` : value;
}

/** The attributes of the entry, by their keywords; what was left out is not there. */
export function attributesOf(draft: Draft): Record<string, unknown> {
  const given = draft.given.trim();
  return withoutBlanks({
    PatientName: draft.family.trim() + (given ? `^${given}` : ""),
    PatientID: draft.patientId.trim(),
    PatientBirthDate: readTypedDate(draft.birthDate) ?? "",
    PatientSex: draft.sex,
    AccessionNumber: draft.accession.trim(),
    RequestedProcedureDescription: draft.description.trim(),
    ScheduledProcedureStepSequence: [
      withoutBlanks({
        ScheduledStationAETitle: draft.station.trim(),
        Modality: draft.modality,
        ScheduledProcedureStepStartDate: readTypedDate(draft.date) ?? "",
        ScheduledProcedureStepStartTime: readTypedTime(draft.time) ?? "",
        ScheduledProcedureStepDescription: draft.description.trim(),
      }),
    ],
  });
}

const withoutBlanks = (values: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));

/** "IN PROGRESS" as "in progress". */
export const stateText = (state: string) => state.toLowerCase();

/** How many objects a step made: "12 images in 2 series". */
export function madeText({ series, instances }: Pick<Step, "series" | "instances">): string {
  if (series.length === 0) return "";
  return `${instances} ${instances === 1 ? "image" : "images"} in ${series.length} series`;
}
