import { useId } from "react";
import { Help } from "./Help";

interface Props {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  help?: string | undefined;
  /** A switch acts on the whole; a checkbox chooses one of several. */
  role?: "switch";
}

export function Checkbox({ label, checked, onChange, help, role }: Props) {
  const id = useId();
  const box = (
    <label className="flex items-center gap-1.5">
      <input
        type="checkbox"
        role={role}
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        aria-describedby={help ? id : undefined}
        className="size-4 accent-accent-strong"
      />
      {label}
    </label>
  );
  if (!help) return box;
  return (
    <div className="grid gap-1">
      {box}
      <Help id={id}>{help}</Help>
    </div>
  );
}
