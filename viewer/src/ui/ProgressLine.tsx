/** A thin bar that repeats what a text beside it says, hence not for screen readers. */
export function ProgressLine({ percent }: { percent: number }) {
  return (
    <span className="mt-0.5 block h-0.5 w-full max-w-24 overflow-hidden rounded bg-line" aria-hidden="true">
      <span
        className="block h-full bg-current motion-safe:transition-[width]"
        style={{ width: `${Math.min(100, Math.max(0, percent))}%` }}
      />
    </span>
  );
}
