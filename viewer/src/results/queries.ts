import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { type Page, request, withQuery } from "../http/client";
import { instanceMetadata, instancePath } from "../http/dicomweb";
import type { Schemas } from "../http/schemas";
import { readReport } from "../reports/report";

export type Result = Schemas["Result"];
export type Job = Schemas["Job"];

/** The reports of a study; a superseded one is replaced by another in the list. */
export const resultsQuery = (studyUid: string) =>
  queryOptions({
    queryKey: ["results", studyUid],
    queryFn: async ({ signal }) => {
      const path = withQuery("/api/v1/results", { study_uid: studyUid, state: "all" });
      const { items } = await request<Page<Result>>(path, { signal });
      return items.filter(({ modality, state }) => modality === "SR" && state !== "superseded");
    },
  });

/** An SR never changes: what is done to it makes a new one. */
export const reportQuery = (result: Result) =>
  queryOptions({
    queryKey: ["report", result.sop_instance_uid],
    queryFn: async ({ signal }) => {
      const path = instancePath(result.study_uid, result.series_uid, result.sop_instance_uid);
      return readReport(await instanceMetadata(path, signal));
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

export const jobsQuery = (studyUid: string) =>
  queryOptions({
    queryKey: ["jobs", studyUid],
    queryFn: async ({ signal }) =>
      (await request<Page<Job>>(withQuery("/api/v1/jobs", { study_uid: studyUid }), { signal })).items,
  });

export type Verdict = { act: "accept"; comment: string } | { act: "reject"; reason: string };

export function useJudge(studyUid: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, verdict }: { id: Result["id"]; verdict: Verdict }) => {
      const { act, ...body } = verdict;
      return request<Result>(`/api/v1/results/${id}/${act}`, { method: "POST", body });
    },
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ["results", studyUid] }),
        queries.invalidateQueries({ queryKey: ["series", studyUid] }),
      ]),
  });
}

export function useJobControl(studyUid: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, act }: { id: Job["id"]; act: "retry" | "cancel" }) =>
      request<Job>(`/api/v1/jobs/${id}/${act}`, { method: "POST" }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["jobs", studyUid] }),
  });
}
