import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { Problem } from "../http/problem";
import { sessionQuery } from "../session/session";

/** What the page knows of the node; an answer that credentials are missing shows the login page in its place. */
export function createQueries(): QueryClient {
  const lookAtSession = (error: unknown) => {
    if (!(error instanceof Problem && error.status === 401)) return;
    // The login page is there already where the node has said so before.
    if (queries.getQueryData(sessionQuery.queryKey)) {
      void queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
    }
  };
  const queries: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: lookAtSession }),
    mutationCache: new MutationCache({ onError: lookAtSession }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        refetchOnWindowFocus: false,
        // An answer that says "no" says it again; only a node that is away is worth another try.
        retry: (failures, error) => !(error instanceof Problem && error.status < 500) && failures < 2,
      },
    },
  });
  return queries;
}
