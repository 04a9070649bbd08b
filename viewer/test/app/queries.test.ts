import { describe, expect, it } from "vitest";
import { createQueries } from "../../src/app/queries";
import { Problem } from "../../src/http/problem";
import { sessionQuery } from "../../src/session/session";

const KEY = sessionQuery.queryKey;

async function fail(status: number) {
  const queries = createQueries();
  queries.setQueryData(KEY, { username: "iris" } as never);
  const answer = () => Promise.reject(new Problem(status, "No"));
  await queries.fetchQuery({ queryKey: ["studies"], queryFn: answer, retry: false }).catch(() => undefined);
  return queries.getQueryState(KEY)?.isInvalidated;
}

describe("an answer", () => {
  it("that credentials are missing makes the page look at its session", async () => {
    expect(await fail(401)).toBe(true);
  });

  it("that something is not allowed does not", async () => {
    expect(await fail(403)).toBe(false);
  });
});
