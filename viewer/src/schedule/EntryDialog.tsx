import { useState } from "react";
import { explain } from "../http/problem";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import { Alert } from "../ui/messages";
import { Select } from "../ui/Select";
import { TextField } from "../ui/TextField";
import { MODALITIES } from "../worklist/filters";
import { checkDraft, type Draft, NOTHING } from "./entry";
import { useAddEntry } from "./queries";

const SEXES = [
  { value: "", label: "Not stated" },
  { value: "F", label: "Female" },
  { value: "M", label: "Male" },
  { value: "O", label: "Other" },
];

interface Field {
  key: Exclude<keyof Draft, "sex" | "modality">;
  label: string;
  placeholder?: string;
  help?: string;
}

const PATIENT: readonly Field[] = [
  { key: "family", label: "Family name" },
  { key: "given", label: "Given name" },
  { key: "patientId", label: "Patient ID" },
  { key: "birthDate", label: "Date of birth", placeholder: "YYYY-MM-DD" },
];
const EXAMINATION: readonly Field[] = [
  { key: "station", label: "Station AE title", help: "The modality that will perform it." },
  { key: "date", label: "Date", placeholder: "YYYY-MM-DD" },
  { key: "time", label: "Time", placeholder: "HH:MM" },
  { key: "accession", label: "Accession number" },
  { key: "description", label: "Description" },
];

export function EntryDialog({ onClose }: { onClose: () => void }) {
  const [draft, setDraft] = useState(NOTHING);
  const [tried, setTried] = useState(false);
  const add = useAddEntry();
  const errors = tried ? checkDraft(draft) : {};
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const submit = () => {
    setTried(true);
    if (Object.keys(checkDraft(draft)).length === 0) add.mutate(draft, { onSuccess: onClose });
  };
  const field = ({ key, ...rest }: Field) => (
    <TextField
      key={key}
      {...rest}
      value={draft[key]}
      onChange={(value) => change({ [key]: value })}
      error={errors[key]}
    />
  );
  return (
    <Dialog wide title="Schedule a step" onClose={onClose} onSubmit={submit}>
      <div className="grid items-start gap-3 sm:grid-cols-2">
        {PATIENT.map(field)}
        <Select
          label="Sex"
          visibleLabel
          value={draft.sex}
          options={SEXES}
          onChange={(sex) => change({ sex })}
        />
        <Select
          label="Modality"
          visibleLabel
          value={draft.modality}
          options={MODALITIES.map((value) => ({ value, label: value }))}
          onChange={(modality) => change({ modality })}
        />
        {EXAMINATION.map(field)}
      </div>
      {add.isError && <Alert>{explain(add.error)}</Alert>}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" tone="primary" disabled={add.isPending}>
          Schedule
        </Button>
      </DialogActions>
    </Dialog>
  );
}
