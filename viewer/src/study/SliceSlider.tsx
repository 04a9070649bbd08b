interface Props {
  index: number;
  count: number;
  onChange: (index: number) => void;
}

/** The keys that scroll are handled by the viewer around it, so that they mean the same everywhere. */
export function SliceSlider({ index, count, onChange }: Props) {
  return (
    <input
      type="range"
      aria-label="Slice"
      aria-orientation="vertical"
      aria-valuenow={index + 1}
      aria-valuemin={1}
      aria-valuemax={count}
      aria-valuetext={`Image ${index + 1} of ${count}`}
      min={1}
      max={Math.max(1, count)}
      value={index + 1}
      disabled={count < 2}
      onChange={(event) => onChange(Number(event.target.value) - 1)}
      className="slice-slider my-2 w-6 disabled:opacity-40"
    />
  );
}
