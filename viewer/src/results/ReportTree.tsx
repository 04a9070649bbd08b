import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import type { ContentItem } from "../reports/content";
import { contentText } from "../reports/text";
import { flatten, type TreeLine, treeMove } from "./treeLines";

/** The whole content of a report, as it is. */
export function ReportTree({ content, label }: { content: ContentItem; label: string }) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [current, setCurrent] = useState("0");
  const lines = useMemo(() => flatten(content, closed), [content, closed]);
  const tree = useRef<HTMLDivElement>(null);

  const toggle = (path: string) => {
    const next = new Set(closed);
    if (!next.delete(path)) next.add(path);
    setClosed(next);
  };
  const press = (event: KeyboardEvent) => {
    const move = treeMove(event.key, lines, current);
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    if (move.toggle) toggle(current);
    setCurrent(move.to);
    tree.current?.querySelector<HTMLElement>(`[data-path="${move.to}"]`)?.focus();
  };

  return (
    <div
      ref={tree}
      role="tree"
      aria-label={label}
      onKeyDown={press}
      className="mt-1 max-h-[60dvh] overflow-auto rounded border border-line bg-field py-1 text-xs"
    >
      {lines.map((line) => (
        <Line
          key={line.path}
          line={line}
          current={line.path === current}
          onPress={() => {
            setCurrent(line.path);
            if (line.open !== null) toggle(line.path);
          }}
        />
      ))}
    </div>
  );
}

function Line({ line, current, onPress }: { line: TreeLine; current: boolean; onPress: () => void }) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree around it handles the keys
    <div
      role="treeitem"
      aria-level={line.level}
      aria-expanded={line.open ?? undefined}
      aria-selected={current}
      tabIndex={current ? 0 : -1}
      data-path={line.path}
      onClick={onPress}
      style={{ paddingLeft: `${line.level * 0.75 - 0.5}rem` }}
      className="flex gap-1 py-0.5 pr-2 -outline-offset-2 hover:bg-raised"
    >
      <span aria-hidden="true" className="w-3 shrink-0 text-muted">
        {line.open === null ? "" : line.open ? "▾" : "▸"}
      </span>
      <span className="min-w-0 wrap-anywhere">{contentText(line.item)}</span>
    </div>
  );
}
