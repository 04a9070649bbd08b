import type { UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";
import type { Report } from "../reports/report";
import type { Focus } from "../study/focus";
import { Button } from "../ui/Button";
import { Failed } from "../ui/messages";
import { FindingList } from "./FindingList";
import type { Result } from "./queries";
import { ReportTree } from "./ReportTree";
import { STATE_COLOURS, STATE_TEXTS } from "./states";
import { VerdictButtons } from "./VerdictButtons";

interface Props {
  result: Result;
  report: UseQueryResult<Report>;
  focus: Focus | null;
  onFocus: (focus: Focus) => void;
}

export function ResultCard({ result, report, focus, onFocus }: Props) {
  const mock = report.data?.notForClinicalUse ?? /\bmock\b/i.test(result.analyzer);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2.5 border-b border-line px-3 py-2.5">
      <Heading result={result} mock={mock} />
      {report.isError && !report.data && (
        <Failed what="The report" error={report.error} retry={() => void report.refetch()} />
      )}
      {result.state === "rejected" && (
        <p className="text-muted">This result was rejected and is no longer delivered.</p>
      )}
      {report.data && <Findings report={report.data} result={result} focus={focus} onFocus={onFocus} />}
      {result.state === "preliminary" && <VerdictButtons result={result} />}
      {report.data && <RawReport report={report.data} />}
    </div>
  );
}

function Heading({ result, mock }: { result: Result; mock: boolean }) {
  return (
    <div className="grid gap-1">
      <p className="flex flex-wrap items-baseline gap-x-2">
        <span className="font-medium">{result.analyzer}</span>
        <span className="text-xs text-muted">{result.version}</span>
        <span className={`ml-auto text-xs font-semibold tracking-wide ${STATE_COLOURS[result.state]}`}>
          {STATE_TEXTS[result.state]}
        </span>
      </p>
      {mock && (
        <p className="rounded border border-warn/60 px-2 py-0.5 text-center text-xs font-semibold text-warn">
          Not for clinical use
        </p>
      )}
    </div>
  );
}

interface FindingsProps {
  report: Report;
  result: Result;
  focus: Focus | null;
  onFocus: (focus: Focus) => void;
}

function Findings({ report, result, focus, onFocus }: FindingsProps) {
  const resultId = String(result.id);
  return (
    <>
      {report.summary && <p className="text-xs text-muted">{report.summary}</p>}
      {report.findings.length === 0 ? (
        <p>No findings.</p>
      ) : (
        <FindingList
          findings={report.findings}
          selected={focus?.resultId === resultId ? focus.findingKey : null}
          onPress={({ key, regions }) =>
            onFocus({
              request: (focus?.request ?? 0) + 1,
              resultId,
              findingKey: key,
              regions,
              imageSeries: report.imageSeries,
              seriesOf: report.seriesOf,
            })
          }
        />
      )}
    </>
  );
}

function RawReport({ report }: { report: Report }) {
  const [open, setOpen] = useState(false);
  return (
    <div>
      <Button tone="quiet" className="-ml-2.5" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "Hide report" : "Show report"}
      </Button>
      {open && <ReportTree label="Structured report" content={report.content} />}
    </div>
  );
}
