/** Dates of DICOM (DA `YYYYMMDD`, TM `HHMMSS.FFFFFF`) and of the node (ISO 8601) in the reader's locale. */

const DAY = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "2-digit", day: "2-digit" });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

export const numbers = new Intl.NumberFormat();

/** A DICOM date for reading; what is no date is shown as it is. */
export function formatDate(value: string | null | undefined): string {
  const match = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/.exec(value ?? "");
  if (!match) return value ?? "";
  const date = new Date(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return Number.isNaN(date.getTime()) ? (value ?? "") : DAY.format(date);
}

export function formatMoment(value: string | null | undefined): string {
  return format(MOMENT, value);
}

export function formatClock(value: string | null | undefined): string {
  return format(CLOCK, value);
}

function format(style: Intl.DateTimeFormat, value: string | null | undefined): string {
  if (!value) return "";
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? value : style.format(date);
}

/** Seconds between two moments as "12 s" or "2 min 5 s". */
export function formatDuration(start: string | null, end: string | null): string {
  if (!start || !end) return "";
  const seconds = Math.max(0, (Date.parse(end) - Date.parse(start)) / 1000);
  if (Number.isNaN(seconds)) return "";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/**
 * What a reader typed for a date, as DICOM writes it. `2026-01-31`, `20260131` and `31.01.2026` are
 * understood; an empty text is no date, anything else is not understood (undefined).
 */
export function readTypedDate(text: string): string | undefined {
  const typed = text.trim();
  if (typed === "") return "";
  const iso = /^(\d{4})[-./]?(\d{1,2})[-./]?(\d{1,2})$/.exec(typed);
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(typed);
  const [year, month, day] = iso ? iso.slice(1) : dotted ? [dotted[3], dotted[2], dotted[1]] : [];
  if (!year || !month || !day) return undefined;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  return `${year}${month.padStart(2, "0")}${day.padStart(2, "0")}`;
}
