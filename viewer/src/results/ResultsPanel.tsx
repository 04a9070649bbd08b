import { useQueries, useQuery } from "@tanstack/react-query";
import type { Focus } from "../study/focus";
import { Empty, Failed, Loading } from "../ui/messages";
import { JobList } from "./JobList";
import { inReadingOrder } from "./order";
import { reportQuery, resultsQuery } from "./queries";
import { ResultCard } from "./ResultCard";

interface Props {
  studyUid: string;
  focus: Focus | null;
  onFocus: (focus: Focus) => void;
}

/** Every result of the study's analyzers, with what was found first, and the jobs behind them. */
export function ResultsPanel({ studyUid, focus, onFocus }: Props) {
  const results = useQuery(resultsQuery(studyUid));
  const items = results.data ?? [];
  const reports = useQueries({
    // The archive no longer answers for a rejected report; one that was read before stays readable.
    queries: items.map((result) => ({ ...reportQuery(result), enabled: result.state !== "rejected" })),
  });
  const cards = items.flatMap((result, index) => {
    const report = reports[index];
    return report ? [{ result, report }] : [];
  });
  const settled = reports.every(({ isLoading }) => !isLoading);
  return (
    <section aria-label="AI results">
      <h2 className="px-3 pt-3 pb-1 text-xs font-semibold text-muted">AI results</h2>
      {(results.isPending || !settled) && <Loading what="the results" />}
      {results.isError && (
        <Failed what="The results" error={results.error} retry={() => void results.refetch()} />
      )}
      {results.isSuccess && items.length === 0 && (
        <Empty title="No AI results yet.">
          They appear here as soon as an analyzer has finished. The jobs below say how far it is.
        </Empty>
      )}
      {settled &&
        inReadingOrder(cards).map(({ result, report }) => (
          <ResultCard
            key={String(result.id)}
            result={result}
            report={report}
            focus={focus}
            onFocus={onFocus}
          />
        ))}
      <JobList studyUid={studyUid} />
    </section>
  );
}
