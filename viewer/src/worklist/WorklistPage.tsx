import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { numbers } from "../dicom/dates";
import { can } from "../session/permissions";
import { useSession } from "../session/session";
import { Empty, Failed, Loading } from "../ui/messages";
import { usePageTitle } from "../ui/usePageTitle";
import type { WorklistSearch } from "./filters";
import { StudyTable } from "./StudyTable";
import { useWorklist } from "./useWorklist";
import { WorklistFilters } from "./WorklistFilters";

export function WorklistPage() {
  usePageTitle("Worklist");
  if (can(useSession(), "read-images")) return <Worklist />;
  return (
    <div className="p-3">
      <h1 className="text-base font-semibold">Worklist</h1>
      <Empty title="Your role does not include the worklist.">Ask an administrator of the node.</Empty>
    </div>
  );
}

function Worklist() {
  const search = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  const { query, studies } = useWorklist(search);
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = query;

  const loadMore = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, isFetchingNextPage]);
  const change = (next: WorklistSearch) => void navigate({ search: next, replace: true });

  return (
    <div className="flex min-h-0 flex-1 flex-col bg-surface">
      <div className="flex items-baseline gap-3 px-3 pt-3 pb-2">
        <h1 className="text-base font-semibold">Worklist</h1>
        {query.isSuccess && studies.length > 0 && (
          <span className="text-xs text-muted">
            {numbers.format(studies.length)}
            {hasNextPage ? "+" : ""} {studies.length === 1 ? "study" : "studies"}
          </span>
        )}
      </div>
      <WorklistFilters search={search} onChange={change} />
      {query.isPending && <Loading what="the studies" />}
      {query.isError && studies.length === 0 && (
        <Failed what="The worklist" error={query.error} retry={() => void query.refetch()} />
      )}
      {(studies.length > 0 || query.isSuccess) && (
        <StudyTable studies={studies} hasMore={hasNextPage} loadMore={loadMore} />
      )}
      {query.isSuccess && studies.length === 0 && <NoStudies filtered={Object.keys(search).length > 0} />}
    </div>
  );
}

function NoStudies({ filtered }: { filtered: boolean }) {
  if (filtered) {
    return (
      <div className="flex-[6]">
        <Empty title="No studies match the filters.">
          Change the text, the filters or the dates above, or clear them.
        </Empty>
      </div>
    );
  }
  return (
    <div className="flex-[6]">
      <Empty title="No studies yet.">
        They appear here as soon as a modality sends images. You can also{" "}
        <Link to="/upload" className="text-accent underline">
          upload files
        </Link>
        .
      </Empty>
    </div>
  );
}
