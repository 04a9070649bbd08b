import { describe, expect, it } from "vitest";
import type { ContentItem } from "../../src/reports/content";
import { flatten, treeMove } from "../../src/results/treeLines";

const item = (name: string, ...children: ContentItem[]): ContentItem => ({
  relationship: "CONTAINS",
  concept: { value: name, scheme: "T", meaning: name },
  value: { type: "CONTAINER" },
  children,
});

const TREE = item("root", item("a", item("a1"), item("a2")), item("b"));
const paths = (closed: string[] = []) => flatten(TREE, new Set(closed)).map(({ path }) => path);

describe("the lines of a tree", () => {
  it("are all items, with their level", () => {
    expect(flatten(TREE, new Set()).map(({ path, level, open }) => [path, level, open])).toEqual([
      ["0", 1, true],
      ["0.0", 2, true],
      ["0.0.0", 3, null],
      ["0.0.1", 3, null],
      ["0.1", 2, null],
    ]);
  });

  it("are not what is below a closed item", () => {
    expect(paths(["0.0"])).toEqual(["0", "0.0", "0.1"]);
  });
});

describe("keys in a tree", () => {
  const lines = flatten(TREE, new Set(["0.0"]));

  it.each([
    ["ArrowDown", "0", "0.0", false],
    ["ArrowUp", "0.1", "0.0", false],
    ["End", "0", "0.1", false],
    ["ArrowRight", "0.0", "0.0", true],
    ["ArrowRight", "0", "0.0", false],
    ["ArrowLeft", "0.1", "0", false],
    ["ArrowLeft", "0", "0", true],
    ["Enter", "0.0", "0.0", true],
    ["Enter", "0.1", "0.1", false],
  ])("%s on %s leads to %s", (key, current, to, toggle) => {
    expect(treeMove(key, lines, current)).toEqual({ to, toggle });
  });

  it("that mean nothing there are left alone", () => {
    expect(treeMove("x", lines, "0")).toBeNull();
  });
});
