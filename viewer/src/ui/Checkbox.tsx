interface Props {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  /** A switch acts on the whole; a checkbox chooses one of several. */
  role?: "switch";
}

export function Checkbox({ label, checked, onChange, role }: Props) {
  return (
    <label className="flex items-center gap-1.5">
      <input
        type="checkbox"
        role={role}
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="size-4 accent-accent-strong"
      />
      {label}
    </label>
  );
}
