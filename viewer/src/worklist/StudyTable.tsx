import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { useMediaQuery } from "../ui/useMediaQuery";
import type { Study } from "./rows";
import { StudyRow } from "./StudyRow";
import { useRowKeys } from "./useRowKeys";

interface Props {
  studies: readonly Study[];
  hasMore: boolean;
  loadMore: () => void;
}

const HEADERS = [
  { name: "Patient", style: "w-[24%] max-sm:w-[39%]" },
  { name: "Patient ID", style: "w-[13%] max-sm:hidden" },
  { name: "Study date", style: "w-[11%] max-sm:w-[27%]" },
  { name: "Modality", style: "w-[9%] max-sm:hidden" },
  { name: "Description", style: "max-sm:hidden" },
  { name: "Images", style: "w-[8%] text-right max-sm:hidden" },
  { name: "Status", style: "w-[13%] max-sm:w-[34%]" },
];

/** Rows outside of the view are only height: ten thousand studies scroll like ten. */
export function StudyTable({ studies, hasMore, loadMore }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const wide = useMediaQuery("(min-width: 640px)");
  const height = wide ? 34 : 52;
  const rows = useVirtualizer({
    count: studies.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
  });
  const visible = rows.getVirtualItems();
  const before = visible[0]?.start ?? 0;
  const after = rows.getTotalSize() - (visible.at(-1)?.end ?? 0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the height decides about every size
  useEffect(() => rows.measure(), [height]);

  const last = visible.at(-1)?.index ?? -1;
  useEffect(() => {
    if (hasMore && last >= studies.length - 50) loadMore();
  }, [hasMore, last, studies.length, loadMore]);

  useRowKeys(scroller, studies.length, (index) => rows.scrollToIndex(index));

  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto">
      <table
        aria-label="Studies"
        aria-rowcount={studies.length + 1}
        className="w-full table-fixed border-collapse"
      >
        <thead className="sticky top-0 z-10 bg-surface text-left text-xs text-muted">
          <tr className="h-8 border-b border-line" aria-rowindex={1}>
            {HEADERS.map(({ name, style }) => (
              <th key={name} scope="col" className={`px-3 max-sm:px-2 ${style}`}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Space height={before} />
          {visible.map(({ index }) => {
            const study = studies[index];
            return study && <StudyRow key={study.study_uid} study={study} index={index} height={height} />;
          })}
          <Space height={after} />
        </tbody>
      </table>
    </div>
  );
}

function Space({ height }: { height: number }) {
  if (height <= 0) return null;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row of a plain table takes no focus
    <tr aria-hidden="true" style={{ height }}>
      <td colSpan={HEADERS.length} />
    </tr>
  );
}
