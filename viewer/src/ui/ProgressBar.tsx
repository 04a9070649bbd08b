interface Props {
  label: string;
  percent: number;
  slim?: boolean;
}

export function ProgressBar({ label, percent, slim = false }: Props) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      className={`overflow-hidden rounded bg-line ${slim ? "h-1" : "h-2"}`}
    >
      <div className="h-full bg-accent motion-safe:transition-[width]" style={{ width: `${percent}%` }} />
    </div>
  );
}
