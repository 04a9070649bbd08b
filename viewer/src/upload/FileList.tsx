import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { ProgressBar } from "../ui/ProgressBar";
import { ScrollArea } from "../ui/ScrollArea";
import { formatBytes } from "./bytes";
import type { FileProgress, FileState } from "./upload";

const HEIGHT = 30;

const COLOURS: Record<FileState, string> = {
  waiting: "text-muted",
  sending: "text-accent",
  done: "text-good",
  refused: "text-danger",
};

/** Each file with its own progress; thousands of them are no more than fit into the view. */
export function FileList({ files }: { files: readonly FileProgress[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: files.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => HEIGHT,
    overscan: 8,
  });
  return (
    <ScrollArea ref={scroller} label="Files" className="max-h-72 overflow-y-auto border-t border-line">
      <div className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const file = files[index];
          return file && <FileLine key={index} file={file} top={start} />;
        })}
      </div>
    </ScrollArea>
  );
}

function FileLine({ file, top }: { file: FileProgress; top: number }) {
  return (
    <div
      className="absolute inset-x-0 flex items-center gap-3 px-3 text-xs"
      style={{ height: HEIGHT, transform: `translateY(${top}px)` }}
    >
      <span className="min-w-0 flex-1 truncate">{file.name}</span>
      <span className="w-16 text-right text-muted">{formatBytes(file.size)}</span>
      <span className="w-20">
        <ProgressBar slim label={file.name} percent={Math.round(file.fraction * 100)} />
      </span>
      <span className={`w-14 ${COLOURS[file.state]}`}>{file.state}</span>
    </div>
  );
}
