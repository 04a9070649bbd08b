/** Types of `/api/v1`, in the shape openapi-typescript gives (`npm run generate`). */

export interface components {
  schemas: {
    Session: { username: string; name: string; role: Role; csrf?: string | null };
    Study: {
      study_uid: string;
      status: StudyStatus;
      percent?: number | null;
      patient_name?: string | null;
      patient_id?: string | null;
      study_date?: string | null;
      modalities: string[];
      description?: string | null;
      accession_number?: string | null;
      instances: number;
      received?: string | null;
    };
    StudyState: {
      study_uid: string;
      status: StudyStatus;
      percent?: number | null;
      jobs: Record<string, number>;
    };
    Job: {
      id: number | string;
      study_uid: string;
      series_uid: string;
      analyzer: string;
      version: string;
      status: JobStatus;
      progress: number;
      attempt: number;
      error: string | null;
      created: string;
      started: string | null;
      finished: string | null;
    };
    Result: {
      id: number | string;
      job_id: number | string | null;
      study_uid: string;
      series_uid: string;
      sop_instance_uid: string;
      sop_class_uid: string;
      modality: string;
      analyzer: string;
      version: string;
      state: ResultState;
      predecessor_uid: string | null;
      created: string;
      reason?: string | null;
    };
    RemoteAE: {
      name: string;
      ae_title: string;
      host: string;
      port: number;
      tls?: boolean;
      tenant?: string;
      allowed: string[];
      source_networks?: string[];
      charset?: string | null;
      transfer_syntaxes?: string[];
      sr_class?: string;
      results?: boolean | null;
      source?: "file" | "runtime";
    };
    EchoOutcome: { ok: boolean; milliseconds: number | null; message: string };
    Association: {
      id: number | string;
      time: string;
      state: "open" | "closed" | "rejected" | "aborted";
      calling_ae_title: string;
      called_ae_title: string;
      address: string;
      reason: string | null;
    };
    Delivery: {
      id: number | string;
      study_uid: string;
      sop_instance_uid: string;
      destination: string;
      status: "queued" | "sent" | "confirmed" | "failed";
      attempt: number;
      error: string | null;
      next_attempt: string | null;
      created: string;
    };
    UploadOutcome: {
      id?: number | string;
      stored: number;
      duplicates: number;
      refused: { file: string; reason: string }[];
    };
    User: { username: string; name: string; role: Role; tenant?: string; active?: boolean };
    AuditRecord: {
      id?: number | string;
      time: string;
      action: string;
      outcome: string;
      principal?: string | null;
      [field: string]: unknown;
    };
  };
}

export type Role = "admin" | "clinician" | "service" | "auditor";
export type StudyStatus =
  | "RECEIVING"
  | "PENDING"
  | "ANALYZING"
  | "COMPLETE"
  | "PARTIAL"
  | "FAILED"
  | "SKIPPED";
export type JobStatus = "PENDING" | "ANALYZING" | "COMPLETE" | "FAILED" | "SKIPPED" | "CANCELED";
export type ResultState = "preliminary" | "accepted" | "rejected" | "superseded";
