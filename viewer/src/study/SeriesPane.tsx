import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Empty, Failed, Loading } from "../ui/messages";
import type { Focus } from "./focus";
import { framesQuery } from "./queries";
import { ReportPane } from "./ReportPane";
import { hasImages, type SeriesSummary } from "./series";

// The renderer is most of the application; the series and the findings need not wait for it.
const ImageViewer = lazy(async () => ({ default: (await import("./ImageViewer")).ImageViewer }));

interface Props {
  studyUid: string;
  series: SeriesSummary;
  focus: Focus | null;
}

/** The images of a series, or what to do with a series that has none. */
export function SeriesPane({ studyUid, series, focus }: Props) {
  const frames = useQuery({
    ...framesQuery(studyUid, series.uid, series.instances),
    enabled: hasImages(series),
    // Late images must not blank what is being read.
    placeholderData: (previous) => previous,
  });
  if (hasImages(series) && frames.data && frames.data.length > 0) {
    return (
      <Suspense fallback={<Waiting />}>
        <ImageViewer studyUid={studyUid} series={series} frames={frames.data} focus={focus} />
      </Suspense>
    );
  }
  if (series.modality === "SR") return <ReportPane studyUid={studyUid} series={series} />;
  return (
    <div className="min-w-0 flex-1 bg-bg max-lg:flex-none">
      {frames.isError && (
        <Failed what="The series" error={frames.error} retry={() => void frames.refetch()} />
      )}
      {frames.isLoading && <Loading what="the images" />}
      {(frames.data || !hasImages(series)) && <NoImages series={series} />}
    </div>
  );
}

function Waiting() {
  return (
    <div className="min-w-0 flex-1 bg-black max-lg:h-[72dvh] max-lg:flex-none">
      <Loading what="the image viewer" />
    </div>
  );
}

const EXPLANATIONS: Record<string, string> = {
  SEG: "It is a segmentation: press a finding to see its region on the images.",
  DOC: "It is a document.",
  PR: "It is a presentation state for other images of this study.",
  KO: "It is a selection of images of this study.",
};

function NoImages({ series }: { series: SeriesSummary }) {
  return (
    <Empty title={`This ${series.modality} series has no images to show.`}>
      {EXPLANATIONS[series.modality] ?? "Choose another series."}
    </Empty>
  );
}
