/** The node's DICOMweb services, PS3.18. */
import dicomParser from "dicom-parser";
import type { JsonDataset } from "../dicom/json";
import { request, requestBytes, withQuery } from "./client";
import { firstPart } from "./multipart";

const ROOT = "/dicom-web";
const JSON_MODEL = "application/dicom+json";
const EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1";

export function seriesPath(studyUid: string, seriesUid: string): string {
  return `${ROOT}/studies/${studyUid}/series/${seriesUid}`;
}

export function instancePath(studyUid: string, seriesUid: string, sopInstanceUid: string): string {
  return `${seriesPath(studyUid, seriesUid)}/instances/${sopInstanceUid}`;
}

async function datasets(path: string, signal?: AbortSignal): Promise<JsonDataset[]> {
  // A search that finds nothing may answer 204, without a body.
  return (await request<JsonDataset[] | undefined>(path, { accept: JSON_MODEL, signal })) ?? [];
}

export async function findStudy(studyUid: string, signal?: AbortSignal): Promise<JsonDataset | null> {
  const found = await datasets(withQuery(`${ROOT}/studies`, { StudyInstanceUID: studyUid }), signal);
  return found[0] ?? null;
}

export function findSeries(studyUid: string, signal?: AbortSignal): Promise<JsonDataset[]> {
  const path = `${ROOT}/studies/${studyUid}/series`;
  return datasets(withQuery(path, { includefield: "0008103E,00200011,00201209" }), signal);
}

export function findInstances(
  studyUid: string,
  seriesUid: string,
  page: { limit: number; offset: number },
  signal?: AbortSignal,
): Promise<JsonDataset[]> {
  return datasets(withQuery(`${seriesPath(studyUid, seriesUid)}/instances`, page), signal);
}

export function seriesMetadata(
  studyUid: string,
  seriesUid: string,
  signal?: AbortSignal,
): Promise<JsonDataset[]> {
  return datasets(`${seriesPath(studyUid, seriesUid)}/metadata`, signal);
}

export async function instanceMetadata(path: string, signal?: AbortSignal): Promise<JsonDataset> {
  const [found] = await datasets(`${path}/metadata`, signal);
  if (!found) throw new Error("The node knows nothing of this instance");
  return found;
}

/** The native pixel data of an instance as one piece, which WADO-RS frames cannot give for packed bits. */
export async function nativePixelData(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  const accept = `multipart/related; type="application/dicom"; transfer-syntax=${EXPLICIT_LITTLE_ENDIAN}`;
  const response = await requestBytes(path, { accept, signal });
  const body = new Uint8Array(await response.arrayBuffer());
  const file = firstPart(response.headers.get("Content-Type") ?? "", body);
  const element = dicomParser.parseDicom(file).elements.x7fe00010;
  if (!element || element.encapsulatedPixelData) throw new Error("The object has no native pixel data");
  return file.subarray(element.dataOffset, element.dataOffset + element.length);
}
