import {
  type QueryClient,
  queryOptions,
  useMutation,
  useQueryClient,
  useSuspenseQuery,
} from "@tanstack/react-query";
import { rememberCsrf, request } from "../http/client";
import { Problem } from "../http/problem";
import type { Schemas } from "../http/schemas";

export type Session = Schemas["Session"];

const PATH = "/api/v1/session";

async function currentSession(): Promise<Session | null> {
  try {
    const session = await request<Session>(PATH);
    rememberCsrf(session.csrf);
    return session;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: currentSession,
  staleTime: 30_000,
  refetchOnWindowFocus: true,
});

/** Who is logged in; only to be used inside of the frame. */
export function useSession(): Session {
  const { data } = useSuspenseQuery(sessionQuery);
  if (!data) throw new Error("Nobody is logged in");
  return data;
}

export function useLogIn() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (credentials: { username: string; password: string }) =>
      request<Session>(PATH, { method: "POST", body: credentials }),
    onSuccess: async (session) => {
      rememberCsrf(session.csrf);
      forgetAnswers(queries);
      // The answer of the log-in need not hold the token; the session itself does.
      await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
    },
  });
}

export function useLogOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => request<void>(PATH, { method: "DELETE" }),
    onSettled: () => {
      rememberCsrf(null);
      queries.setQueryData(sessionQuery.queryKey, null);
      forgetAnswers(queries);
    },
  });
}

/** Nothing of one reader's data may be left for the next. */
function forgetAnswers(queries: QueryClient): void {
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
}
