import { useQuery } from "@tanstack/react-query";
import { formatClock, formatDuration } from "../dicom/dates";
import { explain } from "../http/problem";
import type { JobStatus } from "../http/schemas";
import { can } from "../session/permissions";
import { useSession } from "../session/session";
import { Button } from "../ui/Button";
import { Alert, Failed, Loading } from "../ui/messages";
import { ProgressLine } from "../ui/ProgressLine";
import { type Job, jobsQuery, useJobControl } from "./queries";

const COLOURS: Record<JobStatus, string> = {
  PENDING: "text-muted",
  ANALYZING: "text-accent",
  COMPLETE: "text-good",
  FAILED: "text-danger",
  SKIPPED: "text-muted",
  CANCELED: "text-muted",
};

export function JobList({ studyUid }: { studyUid: string }) {
  const jobs = useQuery(jobsQuery(studyUid));
  const control = useJobControl(studyUid);
  const session = useSession();
  return (
    <div className="px-3 py-3">
      <h3 className="mb-2 text-xs font-semibold text-muted">Jobs</h3>
      {jobs.isPending && <Loading what="the jobs" />}
      {jobs.isError && <Failed what="The jobs" error={jobs.error} retry={() => void jobs.refetch()} />}
      {jobs.data?.length === 0 && (
        <p className="text-muted">No jobs. They begin when a series is complete and an analyzer takes it.</p>
      )}
      {control.isError && <Alert>{explain(control.error)}</Alert>}
      <ul aria-label="Jobs" className="grid gap-2">
        {jobs.data?.map((job) => (
          <JobItem
            key={String(job.id)}
            job={job}
            onControl={can(session, "control-jobs") ? (act) => control.mutate({ id: job.id, act }) : null}
          />
        ))}
      </ul>
    </div>
  );
}

/** What a reader may ask of a job in this state. */
const ACTS: Partial<Record<JobStatus, "retry" | "cancel">> = {
  PENDING: "cancel",
  ANALYZING: "cancel",
  FAILED: "retry",
  CANCELED: "retry",
};

interface ItemProps {
  job: Job;
  onControl: ((act: "retry" | "cancel") => void) | null;
}

function JobItem({ job, onControl }: ItemProps) {
  const running = job.status === "ANALYZING";
  const act = ACTS[job.status];
  return (
    <li className="grid gap-0.5 border-l-2 border-line pl-2 text-xs">
      <span className="flex items-baseline justify-between gap-2">
        <span className="text-[13px]">
          {job.analyzer || "No analyzer"} <span className="text-xs text-muted">{job.version}</span>
        </span>
        <span className={`shrink-0 font-medium tracking-wide ${COLOURS[job.status]}`}>
          {job.status}
          {running && ` ${Math.round(job.progress)} %`}
        </span>
      </span>
      {running && (
        <span className="text-accent">
          <ProgressLine percent={job.progress} />
        </span>
      )}
      <span className="text-muted">{timesOf(job)}</span>
      {job.error && (
        <span className={`wrap-anywhere ${job.status === "FAILED" ? "text-danger" : "text-muted"}`}>
          {job.error}
        </span>
      )}
      {onControl && act && (
        <Button className="mt-0.5 h-6 justify-self-start px-2 text-xs" onClick={() => onControl(act)}>
          {act === "retry" ? "Run again" : "Cancel"}
        </Button>
      )}
    </li>
  );
}

function timesOf({ attempt, created, started, finished }: Job): string {
  const duration = formatDuration(started, finished);
  return [
    attempt > 0 && `attempt ${attempt} of 3`,
    started ? `started ${formatClock(started)}` : `created ${formatClock(created)}`,
    duration && `took ${duration}`,
  ]
    .filter(Boolean)
    .join(", ");
}
