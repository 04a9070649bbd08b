import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const VIEWER = join(import.meta.dirname, "../..");
const PYTHON = join(VIEWER, "../.venv/bin/python");

// The viewer can be worked on without the node; where both are, they must agree.
it.skipIf(!existsSync(PYTHON))("the generated types are those of the node", { timeout: 60_000 }, () => {
  const run = () =>
    execFileSync("node", ["build/generate.mjs", "--check"], { cwd: VIEWER, encoding: "utf8" });
  expect(run).not.toThrow();
});
