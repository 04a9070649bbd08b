import type { StudyStatus as Status } from "../http/schemas";
import { ProgressLine } from "../ui/ProgressLine";

const COLOURS: Record<Status, string> = {
  RECEIVING: "text-accent",
  PENDING: "text-muted",
  ANALYZING: "text-accent",
  COMPLETE: "text-good",
  PARTIAL: "text-warn",
  FAILED: "text-danger",
  SKIPPED: "text-muted",
};

/** Where a study stands, in words; while it is analysed with the percentage. */
export function StudyStatus({ status, percent }: { status: Status; percent?: number | null | undefined }) {
  const analyzing = status === "ANALYZING" && typeof percent === "number";
  return (
    <span className={`block text-xs font-medium tracking-wide ${COLOURS[status] ?? "text-muted"}`}>
      {analyzing ? `${status} ${Math.round(percent)} %` : status}
      {analyzing && <ProgressLine percent={percent} />}
    </span>
  );
}
