/** Reading the DICOM JSON model, PS3.18 annex F, without trust in what it holds. */
import type { JsonPersonName } from "./person-name";

export interface JsonElement {
  vr: string;
  Value?: unknown[];
  BulkDataURI?: string;
  InlineBinary?: string;
}

export type JsonDataset = Record<string, JsonElement | undefined>;

export function values(dataset: JsonDataset, tag: string): unknown[] {
  const found = dataset[tag]?.Value;
  return Array.isArray(found) ? found : [];
}

export function text(dataset: JsonDataset, tag: string): string {
  const [value] = values(dataset, tag);
  return typeof value === "string" || typeof value === "number" ? String(value).trim() : "";
}

export function texts(dataset: JsonDataset, tag: string): string[] {
  return values(dataset, tag).filter((value) => typeof value === "string");
}

/** Numbers; IS and DS may also be written as strings. */
export function numbersOf(dataset: JsonDataset, tag: string): number[] {
  return values(dataset, tag)
    .map((value) => (value === null || value === "" ? Number.NaN : Number(value)))
    .filter((value) => Number.isFinite(value));
}

export function number(dataset: JsonDataset, tag: string): number | undefined {
  return numbersOf(dataset, tag)[0];
}

export function sequence(dataset: JsonDataset, tag: string): JsonDataset[] {
  return values(dataset, tag).filter(
    (item): item is JsonDataset => typeof item === "object" && item !== null,
  );
}

export function firstItem(dataset: JsonDataset | undefined, tag: string): JsonDataset | undefined {
  return dataset ? sequence(dataset, tag)[0] : undefined;
}

export function personName(dataset: JsonDataset, tag: string): JsonPersonName | string {
  const [value] = values(dataset, tag);
  return typeof value === "object" && value !== null ? (value as JsonPersonName) : text(dataset, tag);
}
