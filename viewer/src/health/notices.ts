import { formatBytes } from "../upload/bytes";
import type { Health, Room } from "./health";

export interface Notice {
  text: string;
  /** Whether images are being refused, or only may be soon. */
  urgent: boolean;
}

const FAILING: Record<string, string> = {
  database: "The database is not reachable. New images are refused until it answers.",
  storage: "The storage cannot be written. New images are refused.",
  listener: "The DICOM listener does not answer. Modalities cannot send images.",
};

const SLOW: Record<string, string> = {
  database: "The database is slow. Images arrive with a delay.",
  storage: "The storage is slow. Images arrive with a delay.",
  listener: "The DICOM listener is slow. Images arrive with a delay.",
};

/** What everybody who works with the node should know, the worst first. */
export function noticesOf({ failing, warnings }: Health, room: Room | undefined): Notice[] {
  const failed = failing.map((part) => ({ text: FAILING[part] ?? `Not ready: ${part}.`, urgent: true }));
  const warned = Object.entries(warnings).map(([part, warning]) => noticeOf(part, warning, room));
  return [...failed, ...warned].sort((one, other) => Number(other.urgent) - Number(one.urgent));
}

function noticeOf(part: string, warning: string, room: Room | undefined): Notice {
  const left = room ? `: ${formatBytes(room.free_bytes)} left` : "";
  const mark = room ? ` below ${formatBytes(room.reserved_bytes)}` : " when it is full";
  if (warning === "refusing") {
    const refused = room ? `New images are refused${mark}.` : "New images are refused.";
    return { text: `Storage is full${left}. ${refused}`, urgent: true };
  }
  if (warning === "low")
    return { text: `Storage is nearly full${left}. New images are refused${mark}.`, urgent: false };
  return { text: SLOW[part] ?? `${part}: ${warning}`, urgent: false };
}
