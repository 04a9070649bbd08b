import type { FeedMessage } from "../generated/events";

/** One sentence about a message of the feed. */
export function describe(message: FeedMessage): string {
  const { data } = message;
  switch (message.type) {
    case "association.rejected": {
      const { calling_ae_title, called_ae_title, address, reason } = message.data;
      return `${calling_ae_title} at ${address} called ${called_ae_title} and was refused: ${reason}`;
    }
    case "instance.stored":
      return `${objects(message.data.count)} stored, ${message.data.total} in the series, by ${message.data.source}`;
    case "series.complete":
      return `${message.data.modality} series complete, ${objects(message.data.instances)}`;
    case "delivery.sent":
    case "delivery.confirmed":
      return `${message.type === "delivery.sent" ? "Sent to" : "Confirmed by"} ${message.data.destination}`;
    case "delivery.failed": {
      const { destination, reason, attempt, final } = message.data;
      return `Not delivered to ${destination}, attempt ${attempt}${final ? ", the last" : ""}: ${reason}`;
    }
    case "study.deleted":
      return "Study deleted";
    default:
      return message.type.startsWith("result.")
        ? describeResult(message.type, data)
        : describeJob(message.type, data);
  }
}

const objects = (count: number) => `${count} ${count === 1 ? "object" : "objects"}`;

function describeJob(type: string, data: object): string {
  const { analyzer, attempt, percent, text, reason } = data as Record<string, unknown>;
  const name = String(analyzer || "No analyzer");
  switch (type) {
    case "job.pending":
      return `${name} is waiting`;
    case "job.analyzing":
      return `${name} is analysing, attempt ${attempt}`;
    case "job.progress":
      return `${name} ${percent} %${text ? `, ${text}` : ""}`;
    case "job.complete":
      return `${name} is done`;
    case "job.failed":
      return `${name} failed: ${reason}`;
    case "job.skipped":
      return `Not analysed: ${reason}`;
    case "job.canceled":
      return `${name} was called off: ${reason}`;
    default:
      return type;
  }
}

function describeResult(type: string, data: object): string {
  const { modality, analyzer } = data as Record<string, unknown>;
  const verbs: Record<string, string> = {
    "result.stored": "stored",
    "result.accepted": "accepted",
    "result.rejected": "rejected",
    "result.superseded": "replaced by a newer one",
  };
  return `${modality} of ${analyzer} ${verbs[type] ?? type}`;
}

/** Types in the order of a study's way through the node. */
export const TYPES: readonly FeedMessage["type"][] = [
  "association.rejected",
  "instance.stored",
  "series.complete",
  "job.pending",
  "job.analyzing",
  "job.progress",
  "job.complete",
  "job.failed",
  "job.skipped",
  "job.canceled",
  "result.stored",
  "result.accepted",
  "result.rejected",
  "result.superseded",
  "delivery.sent",
  "delivery.confirmed",
  "delivery.failed",
  "study.deleted",
];
