/** The messages of the status feed, one interface a type. */

interface Message<Type extends string, Data> {
  seq: number;
  time: string;
  type: Type;
  tenant?: string;
  study_uid?: string | null;
  series_uid?: string | null;
  job_id?: number | string | null;
  data: Data;
}

interface JobData {
  analyzer: string;
  attempt: number;
}

interface ResultData {
  result_id: number | string;
  sop_instance_uid: string;
  modality: string;
  analyzer: string;
}

interface DeliveryData {
  delivery_id: number | string;
  destination: string;
  sop_instance_uid: string;
}

export type FeedMessage =
  | Message<
      "association.rejected",
      { calling_ae_title: string; called_ae_title: string; address: string; reason: string }
    >
  | Message<"instance.stored", { count: number; total: number; source: string }>
  | Message<"series.complete", { instances: number; modality: string }>
  | Message<"job.pending" | "job.analyzing" | "job.complete", JobData>
  | Message<"job.progress", JobData & { percent: number; text: string }>
  | Message<"job.failed" | "job.skipped" | "job.canceled", JobData & { reason: string }>
  | Message<"result.stored" | "result.rejected", ResultData>
  | Message<"result.accepted" | "result.superseded", ResultData & { predecessor_uid: string }>
  | Message<"delivery.sent" | "delivery.confirmed", DeliveryData>
  | Message<"delivery.failed", DeliveryData & { reason: string; attempt: number; final: boolean }>
  | Message<"study.deleted", Record<string, unknown>>;

export type FeedMessageType = FeedMessage["type"];
