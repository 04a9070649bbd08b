import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { numbers } from "../dicom/dates";
import { can } from "../session/permissions";
import { useSession } from "../session/session";
import { Button } from "../ui/Button";
import { Alert, Empty, StatusText } from "../ui/messages";
import { ProgressBar } from "../ui/ProgressBar";
import { Section } from "../ui/Section";
import { usePageTitle } from "../ui/usePageTitle";
import { FileList } from "./FileList";
import { FilePicker } from "./FilePicker";
import { sendBatch } from "./send";
import { NO_UPLOAD, overallPercent, Upload, type UploadState } from "./upload";

export function UploadPage() {
  usePageTitle("Upload");
  const allowed = can(useSession(), "upload");
  return (
    <div className="min-h-0 flex-1 overflow-y-auto p-3">
      <div className="mx-auto grid max-w-3xl grid-cols-[minmax(0,1fr)] gap-3">
        <h1 className="text-base font-semibold">Upload</h1>
        {allowed ? (
          <Content />
        ) : (
          <Empty title="Your role does not include uploads.">Ask an administrator of the node.</Empty>
        )}
      </div>
    </div>
  );
}

function Content() {
  const [state, setState] = useState<UploadState>(NO_UPLOAD);
  const [problem, setProblem] = useState("");
  const upload = useRef<Upload | null>(null);
  // Leaving the page stops what is under way: nobody would see how it ends.
  useEffect(() => () => upload.current?.stop(), []);

  const start = (files: readonly File[]) => {
    setProblem(files.length === 0 ? "There is no file in this selection." : "");
    if (files.length === 0) return;
    const made = new Upload(files, sendBatch, setState);
    upload.current = made;
    void made.run();
  };

  return (
    <>
      <FilePicker disabled={state.running} onFiles={start} onProblem={setProblem} />
      {problem && <Alert>{problem}</Alert>}
      {state.files.length > 0 && <Progress state={state} onStop={() => upload.current?.stop()} />}
      {state.refused.length > 0 && <Refused state={state} />}
    </>
  );
}

function Progress({ state, onStop }: { state: UploadState; onStop: () => void }) {
  const percent = overallPercent(state.files);
  const done = state.files.filter(({ state: file }) => file === "done" || file === "refused").length;
  return (
    <Section title="Files" action={state.running ? <Button onClick={onStop}>Stop</Button> : undefined}>
      <div className="grid gap-2 p-3">
        <ProgressBar label="Upload progress" percent={percent} />
        <p className="text-muted">
          {numbers.format(done)} of {numbers.format(state.files.length)} files, {percent} %
        </p>
        {!state.running && (
          <p className="flex flex-wrap gap-x-3">
            <StatusText text={outcomeText(state)} className="font-medium" />
            <Link to="/" className="text-accent underline">
              Open the worklist
            </Link>
          </p>
        )}
      </div>
      <FileList files={state.files} />
    </Section>
  );
}

function outcomeText({ stored, duplicates, refused, stopped }: UploadState): string {
  const start = stopped ? "Upload stopped" : "Upload complete";
  const known = duplicates > 0 ? `, ${numbers.format(duplicates)} already here` : "";
  return `${start}: ${numbers.format(stored)} stored, ${numbers.format(refused.length)} refused${known}`;
}

function Refused({ state }: { state: UploadState }) {
  return (
    <Section title="Refused">
      <ul aria-label="Refused files" className="max-h-80 overflow-y-auto p-3">
        {state.refused.map(({ file, reason }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list only grows, and names may repeat
          <li key={index} className="border-b border-line/60 py-1 last:border-0">
            <span className="font-medium break-all">{file}</span>{" "}
            <span className="text-danger">{reason}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
