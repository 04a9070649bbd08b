import { type InputHTMLAttributes, useId } from "react";
import { Help } from "./Help";

export const INPUT_STYLE =
  "h-8 w-full min-w-0 rounded border border-line bg-field px-2 text-[13px] text-text placeholder:text-muted aria-invalid:border-danger";

interface Props extends Omit<InputHTMLAttributes<HTMLInputElement>, "onChange" | "value"> {
  label: string;
  value: string;
  onChange: (value: string) => void;
  error?: string | undefined;
  help?: string | undefined;
}

/** A text input under its label. */
export function TextField({ label, value, onChange, error, help, className = "", ...rest }: Props) {
  const id = useId();
  const notes = [error && `${id}-error`, help && `${id}-help`].filter(Boolean).join(" ");
  return (
    <div className={`grid gap-1 ${className}`}>
      <label htmlFor={id} className="text-xs text-muted">
        {label}
      </label>
      <input
        id={id}
        className={INPUT_STYLE}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={error ? true : undefined}
        aria-describedby={notes || undefined}
        {...rest}
      />
      {error && (
        <p id={`${id}-error`} className="text-xs text-danger">
          {error}
        </p>
      )}
      {help && <Help id={`${id}-help`}>{help}</Help>}
    </div>
  );
}
