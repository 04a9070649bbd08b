import type { Region } from "../reports/findings";

/** A finding that the reader wants to see. */
export interface Focus {
  /** Changes with each press, so that the same finding can be asked for again. */
  request: number;
  resultId: string;
  findingKey: string;
  regions: readonly Region[];
  /** Series in which the regions may lie, the likeliest first. */
  imageSeries: readonly string[];
  /** Series Instance UID of each object that the report refers to. */
  seriesOf: ReadonlyMap<string, string>;
}
