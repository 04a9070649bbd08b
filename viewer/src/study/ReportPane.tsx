import { useQuery } from "@tanstack/react-query";
import { text } from "../dicom/json";
import { TAG } from "../dicom/tags";
import { seriesMetadata } from "../http/dicomweb";
import { readContent } from "../reports/content";
import { ReportTree } from "../results/ReportTree";
import { Failed, Loading } from "../ui/messages";
import { type SeriesSummary, seriesTitle } from "./series";

/** The reports of a series, whoever wrote them. */
export function ReportPane({ studyUid, series }: { studyUid: string; series: SeriesSummary }) {
  const reports = useQuery({
    queryKey: ["reports", studyUid, series.uid, series.instances],
    queryFn: ({ signal }) => seriesMetadata(studyUid, series.uid, signal),
  });
  return (
    <div className="grid min-w-0 flex-1 grid-cols-[minmax(0,1fr)] content-start gap-3 overflow-y-auto bg-bg p-3 max-lg:flex-none">
      <h2 className="font-semibold">{seriesTitle(series)}</h2>
      {reports.isPending && <Loading what="the reports" />}
      {reports.isError && (
        <Failed what="The reports" error={reports.error} retry={() => void reports.refetch()} />
      )}
      {reports.data?.map((report, index) => (
        <ReportTree
          key={text(report, TAG.sopInstanceUid)}
          label={`Report ${index + 1}`}
          content={readContent(report)}
        />
      ))}
    </div>
  );
}
