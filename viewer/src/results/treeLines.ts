import type { ContentItem } from "../reports/content";

/** One visible line of a tree. */
export interface TreeLine {
  item: ContentItem;
  /** Positions from the root, such as "0.2.1". */
  path: string;
  level: number;
  /** Null for an item without children. */
  open: boolean | null;
}

export function flatten(item: ContentItem, closed: ReadonlySet<string>, path = "0", level = 1): TreeLine[] {
  const open = item.children.length === 0 ? null : !closed.has(path);
  const below = open
    ? item.children.flatMap((child, index) => flatten(child, closed, `${path}.${index}`, level + 1))
    : [];
  return [{ item, path, level, open }, ...below];
}

export interface TreeMove {
  to: string;
  toggle: boolean;
}

/** What a key does in a tree, as the ARIA practices describe it; null: nothing. */
export function treeMove(key: string, lines: readonly TreeLine[], current: string): TreeMove | null {
  const at = lines.findIndex(({ path }) => path === current);
  const line = lines[at];
  if (!line) return null;
  const stay: TreeMove = { to: current, toggle: false };
  const goTo = (target: TreeLine | undefined): TreeMove =>
    target ? { to: target.path, toggle: false } : stay;
  switch (key) {
    case "ArrowDown":
      return goTo(lines[at + 1]);
    case "ArrowUp":
      return goTo(lines[at - 1]);
    case "Home":
      return goTo(lines[0]);
    case "End":
      return goTo(lines.at(-1));
    case "Enter":
    case " ":
      return { to: current, toggle: line.open !== null };
    case "ArrowRight":
      return line.open === false ? { to: current, toggle: true } : goTo(line.open ? lines[at + 1] : line);
    case "ArrowLeft":
      if (line.open) return { to: current, toggle: true };
      return goTo(lines.find(({ path }) => path === current.slice(0, current.lastIndexOf("."))));
    default:
      return null;
  }
}
