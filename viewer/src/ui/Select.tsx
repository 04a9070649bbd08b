import { useId } from "react";
import { Help } from "./Help";
import { INPUT_STYLE } from "./TextField";

export interface Option {
  value: string;
  label: string;
}

interface Props {
  label: string;
  value: string;
  options: readonly Option[];
  onChange: (value: string) => void;
  /** Show the label above; otherwise it is only the accessible name. */
  visibleLabel?: boolean;
  help?: string | undefined;
  className?: string;
}

/** A native combobox. */
export function Select({
  label,
  value,
  options,
  onChange,
  visibleLabel = false,
  help,
  className = "",
}: Props) {
  const id = useId();
  return (
    <div className={`grid gap-1 ${className}`}>
      {visibleLabel && (
        <label htmlFor={id} className="text-xs text-muted">
          {label}
        </label>
      )}
      <select
        id={id}
        aria-label={visibleLabel ? undefined : label}
        aria-describedby={help ? `${id}-help` : undefined}
        className={INPUT_STYLE}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {help && <Help id={`${id}-help`}>{help}</Help>}
    </div>
  );
}
