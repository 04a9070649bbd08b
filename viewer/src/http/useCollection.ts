import { useInfiniteQuery } from "@tanstack/react-query";
import { type Page, type QueryValues, request, withQuery } from "./client";

/** A collection of `/api/v1`, page after page, newest first. */
export function useCollection<T>(queryKey: readonly unknown[], path: string, filters: QueryValues = {}) {
  return useInfiniteQuery({
    queryKey: [...queryKey, filters],
    queryFn: ({ pageParam, signal }) =>
      request<Page<T>>(withQuery(path, { ...filters, cursor: pageParam }), { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    select: ({ pages }) => pages.flatMap((page) => page.items),
  });
}
