import { useInfiniteQuery } from "@tanstack/react-query";
import { type Page, type QueryValues, request, withQuery } from "./client";

/** A collection of `/api/v1`, page after page, newest first. */
export function useCollection<T>(
  queryKey: readonly unknown[],
  path: string,
  filters: QueryValues = {},
  /** After how many milliseconds to look again, given what is there; false for not. */
  again: (items: readonly T[]) => number | false = () => false,
) {
  return useInfiniteQuery({
    queryKey: [...queryKey, filters],
    queryFn: ({ pageParam, signal }) =>
      request<Page<T>>(withQuery(path, { ...filters, cursor: pageParam }), { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state }) => again(state.data?.pages.flatMap((page) => page.items) ?? []),
    select: ({ pages }) => pages.flatMap((page) => page.items),
  });
}
