import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Focus } from "../study/focus";
import { Empty, Failed, Loading } from "../ui/messages";
import { JobList } from "./JobList";
import { resultsQuery } from "./queries";
import { ResultCard } from "./ResultCard";
import { ResultChoice } from "./ResultChoice";

interface Props {
  studyUid: string;
  focus: Focus | null;
  onFocus: (focus: Focus) => void;
}

export function ResultsPanel({ studyUid, focus, onFocus }: Props) {
  const results = useQuery(resultsQuery(studyUid));
  const [chosen, setChosen] = useState<string | null>(null);
  const items = results.data ?? [];
  const result = items.find(({ id }) => String(id) === chosen) ?? items[0];
  return (
    <section aria-label="AI results">
      <h2 className="px-3 pt-3 text-xs font-semibold text-muted">AI results</h2>
      {results.isPending && <Loading what="the results" />}
      {results.isError && (
        <Failed what="The results" error={results.error} retry={() => void results.refetch()} />
      )}
      {results.isSuccess && !result && (
        <Empty title="No AI results yet.">
          They appear here as soon as an analyzer has finished. The jobs below say how far it is.
        </Empty>
      )}
      {items.length > 1 && result && <ResultChoice results={items} chosen={result} onChoose={setChosen} />}
      {result && (
        <ResultCard
          key={String(result.id)}
          result={result}
          focus={focus}
          onFocus={onFocus}
          onReplaced={({ id }) => setChosen(String(id))}
        />
      )}
      <JobList studyUid={studyUid} />
    </section>
  );
}
