import { type JsonDataset, number, text } from "../dicom/json";
import { TAG } from "../dicom/tags";

export interface SeriesSummary {
  uid: string;
  modality: string;
  number: number | undefined;
  description: string;
  instances: number;
}

/** Modalities whose objects are no images to read, PS3.3 C.7.3.1.1.1. */
const WITHOUT_IMAGES = new Set([
  ..."ANN ASMT AU DOC ECG EPS FID HD KO M3D PLAN PR REG RESP RTPLAN RTRAD RTRECORD RTSTRUCT SEG SMR SR STAIN TEXTUREMAP".split(
    " ",
  ),
]);

export function hasImages({ modality }: SeriesSummary): boolean {
  return !WITHOUT_IMAGES.has(modality);
}

export function readSeries(datasets: readonly JsonDataset[]): SeriesSummary[] {
  return datasets
    .map((dataset) => ({
      uid: text(dataset, TAG.seriesInstanceUid),
      modality: text(dataset, TAG.modality),
      number: number(dataset, TAG.seriesNumber),
      description: text(dataset, TAG.seriesDescription),
      instances: number(dataset, TAG.numberOfSeriesInstances) ?? 0,
    }))
    .sort(
      (a, b) =>
        Number(hasImages(b)) - Number(hasImages(a)) ||
        (a.number ?? 1e9) - (b.number ?? 1e9) ||
        (a.uid < b.uid ? -1 : 1),
    );
}

export function seriesTitle(series: SeriesSummary): string {
  return series.description || (series.number === undefined ? series.modality : `Series ${series.number}`);
}

export function countText({ instances, modality }: SeriesSummary): string {
  const word = WITHOUT_IMAGES.has(modality) ? "object" : "image";
  return `${instances} ${instances === 1 ? word : `${word}s`}`;
}
