import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { useFeedListener } from "../feed/FeedProvider";
import { type Page, request, withQuery } from "../http/client";
import type { FeedMessage } from "../http/schemas";
import { toStudyFilters, type WorklistSearch } from "./filters";
import { placeStudy, type Study, type StudyPages } from "./rows";

const PATH = "/api/v1/studies";
const PAGE_SIZE = 200;
const PAUSE_MS = 400;
/** With more changes than this at once, loading the pages again costs less than asking for each study. */
const SINGLY = 20;

export function useWorklist(search: WorklistSearch) {
  const filters = useMemo(() => toStudyFilters(search), [search]);
  const queryKey = useMemo(() => ["worklist", filters], [filters]);
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) =>
      request<Page<Study>>(withQuery(PATH, { ...filters, limit: PAGE_SIZE, cursor: pageParam }), { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
  useLiveRows(queryKey, filters);
  const studies = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  return { query, studies };
}

/** Keep the rows as the feed says, a few times a second at most. */
function useLiveRows(queryKey: unknown[], filters: Record<string, string | undefined>): void {
  const queries = useQueryClient();
  const changed = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const refresh = useCallback(async () => {
    timer.current = undefined;
    const uids = [...changed.current];
    changed.current.clear();
    if (uids.length > SINGLY) {
      await queries.invalidateQueries({ queryKey });
      return;
    }
    for (const study_uid of uids) {
      const page = await request<Page<Study>>(withQuery(PATH, { ...filters, study_uid }));
      queries.setQueryData<StudyPages>(queryKey, (pages) =>
        pages ? placeStudy(pages, study_uid, page.items[0] ?? null) : pages,
      );
    }
  }, [queries, queryKey, filters]);

  useEffect(() => () => clearTimeout(timer.current), []);

  useFeedListener(
    useCallback(
      (message: FeedMessage) => {
        if (!message.study_uid) return;
        changed.current.add(message.study_uid);
        timer.current ??= setTimeout(() => {
          refresh().catch(() => queries.invalidateQueries({ queryKey }));
        }, PAUSE_MS);
      },
      [refresh, queries, queryKey],
    ),
  );
}
