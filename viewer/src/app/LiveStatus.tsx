import type { FeedState } from "../feed/connection";
import { useFeedState } from "../feed/FeedProvider";
import { StatusText } from "../ui/messages";

const TEXT: Record<FeedState, string> = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
};

const DOT: Record<FeedState, string> = {
  connecting: "bg-muted",
  live: "bg-good",
  reconnecting: "bg-warn motion-safe:animate-pulse",
};

export function LiveStatus() {
  const state = useFeedState();
  return (
    <span className="flex items-center gap-1.5 text-xs text-muted">
      <span className={`size-2 rounded-full ${DOT[state]}`} aria-hidden="true" />
      <StatusText text={TEXT[state]} />
    </span>
  );
}
