/** Types of `/api/v1`, in the shape openapi-typescript gives (`npm run generate`). */

export interface components {
  schemas: {
    Session: {
      username: string;
      name: string;
      role: Role;
      tenant: string;
      csrf: string | null;
      permissions: string[];
    };
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
      count?: number;
      ended?: string | null;
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
    User: {
      username: string;
      name: string;
      role: Role;
      tenant: string;
      enabled: boolean;
      created: string;
    };
    NewUser: { username: string; password: string; role: Role; name?: string };
    UserChange: {
      password?: string | null;
      name?: string | null;
      role?: Role | null;
      enabled?: boolean | null;
    };
    ApiKey: {
      id: string;
      name: string;
      role: Role;
      tenant: string;
      enabled: boolean;
      created: string;
      expires: string | null;
      last_used: string | null;
    };
    IssuedKey: components["schemas"]["ApiKey"] & { key: string };
    AuditRecord: {
      id: string;
      time: string;
      action: string;
      outcome: string;
      principal: string;
      address: string;
      study_uid: string | null;
      detail: Record<string, unknown>;
    };
    Analyzer: { name: string; version: string; enabled: boolean; is_mock: boolean; description: string };
    System: {
      version: string;
      python: string;
      ae_title: string;
      dicom_port: number;
      database: string;
      storage: { free_bytes: number; total_bytes: number };
      feed_clients: number;
      parts: { name: string; ready: boolean }[];
    };
    Statistics: {
      patients: number;
      studies: number;
      series: number;
      instances: number;
      bytes: number;
      studies_by_status: Record<string, number>;
      jobs: Record<string, number>;
      results: Record<string, number>;
      deliveries: Record<string, number>;
      associations: Record<string, number>;
    };
    Route: {
      name: string;
      tenant?: string;
      origin: "images" | "results" | "any";
      from: string[];
      modality: string[];
      sop_class: string[];
      body_part: string[];
      station: string[];
      study_description: string[];
      series_description: string[];
      to: string[];
      enabled: boolean;
      source?: "file" | "runtime";
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
