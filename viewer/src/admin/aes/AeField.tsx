import { Checkbox } from "../../ui/Checkbox";
import { Select } from "../../ui/Select";
import { TextField } from "../../ui/TextField";
import { type FieldKey, fieldOf } from "./fields";

interface Props {
  field: FieldKey;
  value: string | boolean;
  onChange: (value: string | boolean) => void;
  error?: string | undefined;
}

/** One key of an AE title, with the control that fits it. */
export function AeField({ field, value, onChange, error }: Props) {
  const { label, kind, help, placeholder, options } = fieldOf(field);
  if (kind === "switch") {
    return <Checkbox label={label} help={help} checked={value === true} onChange={onChange} />;
  }
  if (kind === "choice") {
    return (
      <Select
        label={label}
        visibleLabel
        help={help}
        value={String(value)}
        options={options ?? []}
        onChange={onChange}
      />
    );
  }
  return (
    <TextField
      label={label}
      help={help}
      placeholder={placeholder}
      value={String(value)}
      onChange={onChange}
      error={error}
    />
  );
}
