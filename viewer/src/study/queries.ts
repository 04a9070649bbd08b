import { queryOptions } from "@tanstack/react-query";
import { type JsonDataset, number, text } from "../dicom/json";
import { TAG } from "../dicom/tags";
import { type Page, request, withQuery } from "../http/client";
import {
  findInstances,
  findSeries,
  findStudy,
  instanceMetadata,
  instancePath,
  nativePixelData,
  seriesMetadata,
  seriesPath,
} from "../http/dicomweb";
import type { Schemas } from "../http/schemas";
import { framesOf, isImage } from "../rendering/frames";
import { readSegmentation } from "../rendering/segmentation";
import { readSeries } from "./series";

type Study = Schemas["Study"];

/** The patient and the study, as its images tell. */
export const studyQuery = (studyUid: string) =>
  queryOptions({
    queryKey: ["study", studyUid, "dicom"],
    queryFn: ({ signal }) => findStudy(studyUid, signal),
  });

/** Where the study stands. */
export const studyStatusQuery = (studyUid: string) =>
  queryOptions({
    queryKey: ["study", studyUid, "status"],
    queryFn: async ({ signal }) => {
      const path = withQuery("/api/v1/studies", { study_uid: studyUid, limit: 1 });
      return (await request<Page<Study>>(path, { signal })).items[0] ?? null;
    },
  });

export const seriesQuery = (studyUid: string) =>
  queryOptions({
    queryKey: ["series", studyUid],
    queryFn: async ({ signal }) => readSeries(await findSeries(studyUid, signal)),
  });

/** `instances` is part of the key: late images are another list of frames. */
export const framesQuery = (studyUid: string, seriesUid: string, instances: number) =>
  queryOptions({
    queryKey: ["frames", studyUid, seriesUid, instances],
    queryFn: async ({ signal }) => {
      const base = window.location.origin + seriesPath(studyUid, seriesUid);
      return framesOf(await seriesMetadata(studyUid, seriesUid, signal), base);
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Address of a small picture of the series' middle instance. */
export const thumbnailQuery = (studyUid: string, seriesUid: string, instances: number) =>
  queryOptions({
    queryKey: ["thumbnail", studyUid, seriesUid],
    queryFn: async ({ signal }) => {
      const page = { limit: 1, offset: Math.floor(instances / 2) };
      const [middle] = await findInstances(studyUid, seriesUid, page, signal);
      return middle && isImage(middle)
        ? `${instanceOrFrame(studyUid, seriesUid, middle)}/rendered?viewport=128,128`
        : null;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Of an instance with many frames the middle one stands for it. */
function instanceOrFrame(studyUid: string, seriesUid: string, instance: JsonDataset): string {
  const path = instancePath(studyUid, seriesUid, text(instance, TAG.sopInstanceUid));
  const frames = number(instance, TAG.numberOfFrames) ?? 1;
  return frames > 1 ? `${path}/frames/${Math.ceil(frames / 2)}` : path;
}

export const segmentationQuery = (studyUid: string, seriesUid: string, sopInstanceUid: string) =>
  queryOptions({
    queryKey: ["segmentation", sopInstanceUid],
    queryFn: async ({ signal }) => {
      const path = instancePath(studyUid, seriesUid, sopInstanceUid);
      const [metadata, pixels] = await Promise.all([
        instanceMetadata(path, signal),
        nativePixelData(path, signal),
      ]);
      return readSegmentation(metadata, pixels);
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
