import { useQueries } from "@tanstack/react-query";
import type { Segmentation } from "../rendering/segmentation";
import type { Focus } from "./focus";
import { segmentationQuery } from "./queries";

/** The segmentations that a finding needs, as far as they are here. */
export function useSegmentations(studyUid: string, focus: Focus | null) {
  const wanted = new Map<string, string>();
  for (const region of focus?.regions ?? []) {
    if (region.kind !== "segment") continue;
    const seriesUid = focus?.seriesOf.get(region.sopInstanceUid);
    if (seriesUid) wanted.set(region.sopInstanceUid, seriesUid);
  }
  const uids = [...wanted];
  return useQueries({
    queries: uids.map(([uid, seriesUid]) => segmentationQuery(studyUid, seriesUid, uid)),
    combine: (queries) => ({
      ready: queries.every(({ isLoading }) => !isLoading),
      failed: queries.find(({ error }) => error)?.error ?? null,
      found: new Map(
        queries.flatMap(({ data }, index): [string, Segmentation][] => {
          const uid = uids[index]?.[0];
          return data && uid ? [[uid, data]] : [];
        }),
      ),
    }),
  });
}
