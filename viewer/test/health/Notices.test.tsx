// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import axe from "axe-core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Notices } from "../../src/health/Notices";

const ROOM = {
  free_bytes: 3.1e9,
  total_bytes: 1e11,
  reserved_bytes: 1e9,
  warning_bytes: 5e9,
  warning: "low",
};

let status = 200;
let readiness: object;

function show() {
  return render(
    <QueryClientProvider client={new QueryClient()}>
      <Notices />
    </QueryClientProvider>,
  );
}

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  status = 200;
  readiness = { status: "ready", warnings: {} };
  vi.stubGlobal("fetch", async (path: string) =>
    path === "/readyz"
      ? new Response(JSON.stringify(readiness), { status })
      : new Response(JSON.stringify(ROOM)),
  );
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("a notice comes and goes without a reload", async () => {
  const { container } = show();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(container.textContent).toBe("");
  readiness = { status: "ready", warnings: { storage: "low" } };
  await vi.advanceTimersByTimeAsync(31_000);
  const text = "Storage is nearly full: 3.1 GB left. New images are refused below 1 GB.";
  expect(screen.getByRole("status", { name: text })).toBeTruthy();
  readiness = { status: "ready", warnings: {} };
  await vi.advanceTimersByTimeAsync(11_000);
  expect(container.textContent).toBe("");
});

it("a database that is away is an alert", async () => {
  status = 503;
  readiness = { title: "Not ready", parts: ["database"] };
  const { container } = show();
  await vi.advanceTimersByTimeAsync(1_000);
  const text = "The database is not reachable. New images are refused until it answers.";
  expect(screen.getByRole("alert", { name: text })).toBeTruthy();
  vi.useRealTimers();
  const { violations } = await axe.run(container, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  expect(violations).toEqual([]);
});
