import { useState } from "react";
import { explain } from "../../http/problem";
import { Button } from "../../ui/Button";
import { Checkbox } from "../../ui/Checkbox";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Alert } from "../../ui/messages";
import { TextField } from "../../ui/TextField";
import { useSaveAe } from "./queries";
import { checkDraft, type Draft, type RemoteAE, SERVICES } from "./remoteAe";

interface Props {
  draft: Draft;
  before: RemoteAE | null;
  onClose: () => void;
}

export function AeDialog({ draft: initial, before, onClose }: Props) {
  const [draft, setDraft] = useState(initial);
  const [tried, setTried] = useState(false);
  const save = useSaveAe();
  const errors = tried ? checkDraft(draft) : {};
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const submit = () => {
    setTried(true);
    if (Object.keys(checkDraft(draft)).length === 0) save.mutate({ draft, before }, { onSuccess: onClose });
  };
  return (
    <Dialog title={before ? "Edit AE title" : "Add AE title"} onClose={onClose} onSubmit={submit}>
      <div className="grid grid-cols-2 gap-3">
        <TextField
          label="Name"
          value={draft.name}
          onChange={(name) => change({ name })}
          placeholder={draft.aeTitle}
          disabled={before !== null}
        />
        <TextField
          label="AE title"
          value={draft.aeTitle}
          onChange={(aeTitle) => change({ aeTitle })}
          maxLength={16}
          error={errors.aeTitle}
        />
        <TextField
          label="Host"
          value={draft.host}
          onChange={(host) => change({ host })}
          error={errors.host}
        />
        <TextField
          label="Port"
          inputMode="numeric"
          value={draft.port}
          onChange={(port) => change({ port })}
          error={errors.port}
        />
      </div>
      <Services allowed={draft.allowed} onChange={(allowed) => change({ allowed })} />
      <Results results={draft.results} onChange={(results) => change({ results })} />
      {save.isError && <Alert>{explain(save.error)}</Alert>}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" tone="primary" disabled={save.isPending}>
          Save
        </Button>
      </DialogActions>
    </Dialog>
  );
}

interface ServicesProps {
  allowed: readonly string[];
  onChange: (allowed: string[]) => void;
}

function Services({ allowed, onChange }: ServicesProps) {
  return (
    <fieldset>
      <legend className="mb-1 text-xs text-muted">It may ask this node for</legend>
      <div className="flex flex-wrap gap-x-4 gap-y-1">
        {SERVICES.map(({ key, label }) => (
          <Checkbox
            key={key}
            label={label}
            checked={allowed.includes(key)}
            onChange={(on) => onChange(on ? [...allowed, key] : allowed.filter((service) => service !== key))}
          />
        ))}
      </div>
    </fieldset>
  );
}

interface ResultsProps {
  results: boolean | null;
  onChange: (results: boolean | null) => void;
}

function Results({ results, onChange }: ResultsProps) {
  return (
    <div className="flex flex-wrap gap-x-4 gap-y-1">
      <Checkbox
        role="switch"
        label="Return results"
        checked={results !== false}
        onChange={(on) => onChange(on ? null : false)}
      />
      {results !== false && (
        <Checkbox
          label="Whoever sent the images"
          checked={results === true}
          onChange={(all) => onChange(all ? true : null)}
        />
      )}
    </div>
  );
}
