import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { personName } from "../dicom/json";
import { formatPersonName } from "../dicom/person-name";
import { TAG } from "../dicom/tags";
import { ResultsPanel } from "../results/ResultsPanel";
import { Empty, Failed, Loading } from "../ui/messages";
import { usePageTitle } from "../ui/usePageTitle";
import type { Focus } from "./focus";
import { seriesQuery, studyQuery, studyStatusQuery } from "./queries";
import { SeriesList } from "./SeriesList";
import { SeriesPane } from "./SeriesPane";
import { StudyHeader } from "./StudyHeader";
import { hasImages, type SeriesSummary } from "./series";

export function StudyPage() {
  const { studyUid } = useParams({ from: "/studies/$studyUid" });
  return <Study key={studyUid} studyUid={studyUid} />;
}

function Study({ studyUid }: { studyUid: string }) {
  const study = useQuery(studyQuery(studyUid));
  const series = useQuery(seriesQuery(studyUid));
  const status = useQuery(studyStatusQuery(studyUid));
  // The worklist's own name first: both pages must call a patient the same.
  const name = status.data?.patient_name || (study.data ? personName(study.data, TAG.patientName) : "");
  usePageTitle(study.data ? formatPersonName(name) : "Study");

  const failed = study.error ?? series.error;
  if (failed) {
    const retry = () => void Promise.all([study.refetch(), series.refetch()]);
    return (
      <Instead>
        <Failed what="The study" error={failed} retry={retry} />
      </Instead>
    );
  }
  if (study.isPending || series.isPending || status.isLoading) {
    return (
      <Instead>
        <Loading what="the study" />
      </Instead>
    );
  }
  if (!study.data || !series.data) {
    return (
      <Instead>
        <Empty title="This study is not here.">It may have been deleted, or the address is incomplete.</Empty>
      </Instead>
    );
  }
  return (
    <>
      <StudyHeader study={study.data} name={formatPersonName(name)} status={status.data ?? null} />
      <StudyDesk studyUid={studyUid} series={series.data} />
    </>
  );
}

/** What stands where the study would be: the page still has its heading. */
function Instead({ children }: { children: ReactNode }) {
  return (
    <>
      <h1 className="sr-only">Study</h1>
      {children}
    </>
  );
}

/** Series at the left, the image in the middle, what the analyzers say at the right. */
function StudyDesk({ studyUid, series }: { studyUid: string; series: readonly SeriesSummary[] }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const [focus, setFocus] = useState<Focus | null>(null);
  const selected = series.find(({ uid }) => uid === chosen) ?? series.find(hasImages) ?? series[0];

  const goTo = (next: Focus) => {
    setFocus(next);
    const shown = selected && next.imageSeries.includes(selected.uid);
    const [first] = next.imageSeries;
    if (!shown && first && series.some(({ uid }) => uid === first)) setChosen(first);
  };

  return (
    <div className="flex min-h-0 flex-1 max-lg:flex-col max-lg:overflow-y-auto">
      <SeriesList studyUid={studyUid} series={series} selected={selected?.uid} onSelect={setChosen} />
      {selected ? (
        <SeriesPane key={selected.uid} studyUid={studyUid} series={selected} focus={focus} />
      ) : (
        <div className="flex-1">
          <Empty title="No series yet." />
        </div>
      )}
      <aside
        aria-label="Analysis"
        className="w-84 shrink-0 overflow-y-auto border-l border-line bg-surface max-lg:w-full max-lg:overflow-visible max-lg:border-t max-lg:border-l-0"
      >
        <ResultsPanel studyUid={studyUid} focus={focus} onFocus={goTo} />
      </aside>
    </div>
  );
}
