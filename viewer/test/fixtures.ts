import { readFileSync } from "node:fs";
import { join } from "node:path";
import dicomParser from "dicom-parser";
import type { JsonDataset } from "../src/dicom/json";

const FOLDER = join(import.meta.dirname, "fixtures");

/** A fixture in the DICOM JSON model; `make_results.py` beside it says what it holds. */
export function readJson(name: "ct" | "seg" | "sr"): JsonDataset[] {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8")) as JsonDataset[];
}

export function readFirst(name: "seg" | "sr"): JsonDataset {
  const [first] = readJson(name);
  if (!first) throw new Error(`The fixture ${name} is empty`);
  return first;
}

export function readSegmentPixels(): Uint8Array {
  const file = new Uint8Array(readFileSync(join(FOLDER, "seg.dcm")));
  const element = dicomParser.parseDicom(file).elements.x7fe00010;
  if (!element) throw new Error("The fixture has no pixel data");
  return file.subarray(element.dataOffset, element.dataOffset + element.length);
}
