import { type ReactNode, useEffect, useRef, useState } from "react";
import { readTypedDate } from "../dicom/dates";
import { Button } from "../ui/Button";
import { Select } from "../ui/Select";
import { INPUT_STYLE } from "../ui/TextField";
import { MODALITIES, STATUSES, type WorklistSearch, withoutBlanks } from "./filters";

const TYPING_PAUSE_MS = 200;

const withAll = (values: readonly string[]) => [
  { value: "", label: "All" },
  ...values.map((value) => ({ value, label: value })),
];

interface Props {
  search: WorklistSearch;
  onChange: (search: WorklistSearch) => void;
}

export function WorklistFilters({ search, onChange }: Props) {
  const [text, setText] = useState(search.search ?? "");
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const change = (part: WorklistSearch) => onChange(withoutBlanks({ ...search, search: text, ...part }));
  const type = (value: string) => {
    setText(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onChange(withoutBlanks({ ...search, search: value })), TYPING_PAUSE_MS);
  };
  const clear = () => {
    setText("");
    clearTimeout(timer.current);
    onChange({});
  };

  return (
    <search className="flex flex-wrap items-center gap-2 px-3 pb-2">
      <input
        type="search"
        aria-label="Search studies"
        placeholder="Name, ID, accession number, description"
        className={`${INPUT_STYLE} max-w-96 flex-1 basis-60 max-sm:max-w-none max-sm:basis-full`}
        value={text}
        onChange={(event) => type(event.target.value)}
      />
      <Choice name="Modality">
        <Select
          label="Modality filter"
          value={search.modality ?? ""}
          options={withAll(MODALITIES)}
          onChange={(modality) => change({ modality })}
          className="w-22"
        />
      </Choice>
      <Choice name="Status">
        <Select
          label="Status filter"
          value={search.status ?? ""}
          options={withAll(STATUSES)}
          onChange={(status) => change({ status })}
          className="w-32 max-sm:w-28"
        />
      </Choice>
      <DateInput label="From" value={search.from ?? ""} onChange={(from) => change({ from })} />
      <DateInput label="To" value={search.to ?? ""} onChange={(to) => change({ to })} />
      {Object.keys(search).length > 0 && (
        <Button tone="quiet" onClick={clear}>
          Clear filters
        </Button>
      )}
    </search>
  );
}

/** The name beside a control that has a longer one of its own. */
function Choice({ name, children }: { name: string; children: ReactNode }) {
  return (
    <span className="flex items-center gap-1.5 text-xs text-muted">
      <span aria-hidden="true">{name}</span>
      {children}
    </span>
  );
}

interface DateInputProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

function DateInput({ label, value, onChange }: DateInputProps) {
  return (
    <label className="flex items-center gap-1.5 text-xs text-muted">
      {label}
      <input
        type="text"
        inputMode="numeric"
        placeholder="YYYY-MM-DD"
        size={10}
        className={`${INPUT_STYLE} !w-28`}
        value={value}
        aria-invalid={readTypedDate(value) === undefined ? true : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}
