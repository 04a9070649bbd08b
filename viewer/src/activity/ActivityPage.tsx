import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { formatMoment } from "../dicom/dates";
import { useFeedMessages } from "../feed/FeedProvider";
import type { FeedMessage } from "../http/schemas";
import { Empty } from "../ui/messages";
import { ScrollArea } from "../ui/ScrollArea";
import { Select } from "../ui/Select";
import { usePageTitle } from "../ui/usePageTitle";
import { describe, TYPES } from "./describe";

const OPTIONS = [{ value: "", label: "All types" }, ...TYPES.map((type) => ({ value: type, label: type }))];
const ROW = 30;
/** Of these there is no study to open: it is gone, or its images are still to come. */
const WITHOUT_IMAGES: ReadonlySet<string> = new Set(["study.deleted", "procedure-step.changed"]);

export function ActivityPage() {
  usePageTitle("Activity");
  const [type, setType] = useState("");
  const messages = useFeedMessages();
  const shown = useMemo(
    () => (type ? messages.filter((message) => message.type === type) : messages),
    [messages, type],
  );
  return (
    <div className="flex min-h-0 flex-1 flex-col bg-surface">
      <div className="flex flex-wrap items-center justify-between gap-2 border-b border-line px-3 py-2">
        <h1 className="text-base font-semibold">Activity</h1>
        <Select label="Type filter" value={type} options={OPTIONS} onChange={setType} className="w-44" />
      </div>
      <Log messages={shown} />
      {shown.length === 0 && (
        <div className="flex-[6]">
          <Empty title={type ? "No event of this type." : "Nothing has happened yet."}>
            What the node does appears here as it happens.
          </Empty>
        </div>
      )}
    </div>
  );
}

function Log({ messages }: { messages: readonly FeedMessage[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: messages.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 15,
    getItemKey: (index) => messages[index]?.seq ?? index,
    measureElement: (element) => element.getBoundingClientRect().height,
  });
  return (
    <ScrollArea ref={scroller} role="log" label="Activity" className="min-h-0 flex-1 overflow-y-auto">
      <div className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, key, start }) => {
          const message = messages[index];
          return (
            message && (
              <div
                key={String(key)}
                ref={rows.measureElement}
                data-index={index}
                className="absolute inset-x-0 border-b border-line/60 px-3 py-1.5"
                style={{ transform: `translateY(${start}px)` }}
              >
                <Line message={message} />
              </div>
            )
          );
        })}
      </div>
    </ScrollArea>
  );
}

function Line({ message }: { message: FeedMessage }) {
  const { time, type, study_uid } = message;
  return (
    <p className="flex flex-wrap items-baseline gap-x-4 max-sm:gap-x-2">
      <time dateTime={time} className="w-36 shrink-0 text-muted max-sm:w-auto">
        {formatMoment(time)}
      </time>
      <span className={`w-36 shrink-0 max-sm:w-auto ${colourOf(type)}`}>{type}</span>
      <span className="min-w-0 flex-1 break-words max-sm:basis-full">{describe(message)}</span>
      {study_uid && !WITHOUT_IMAGES.has(type) && (
        <Link to="/studies/$studyUid" params={{ studyUid: study_uid }} className="text-accent underline">
          Open study
        </Link>
      )}
    </p>
  );
}

function colourOf(type: string): string {
  if (type.endsWith(".failed") || type === "association.rejected") return "text-danger";
  if (type.endsWith(".complete") || type.endsWith(".confirmed") || type === "result.accepted")
    return "text-good";
  return "text-muted";
}
