import { type ReactNode, useState } from "react";
import { Button } from "../../ui/Button";
import { Checkbox } from "../../ui/Checkbox";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Alert } from "../../ui/messages";
import { TextField } from "../../ui/TextField";
import { AeField } from "./AeField";
import { FIELDS, type FieldKey, GROUPS, SERVICES } from "./fields";
import { useSaveAe } from "./queries";
import { refusalOf } from "./refusal";
import { checkDraft, type Draft, type RemoteAE } from "./remoteAe";

interface Props {
  draft: Draft;
  before: RemoteAE | null;
  onClose: () => void;
}

export function AeDialog({ draft: initial, before, onClose }: Props) {
  const [draft, setDraft] = useState(initial);
  const [tried, setTried] = useState(false);
  const save = useSaveAe();
  const refusal = refusalOf(save.error, draft);
  const missing = tried ? checkDraft(draft) : {};
  const errors = { ...refusal.fields, ...missing };
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const submit = () => {
    setTried(true);
    if (Object.keys(checkDraft(draft)).length === 0) save.mutate({ draft, before }, { onSuccess: onClose });
  };
  const field = (key: FieldKey) => (
    <AeField
      key={key}
      field={key}
      value={draft[key]}
      onChange={(value) => change({ [key]: value })}
      error={errors[key]}
    />
  );
  return (
    <Dialog wide title={before ? "Edit AE title" : "Add AE title"} onClose={onClose} onSubmit={submit}>
      <div className="grid items-start gap-3 sm:grid-cols-2">
        <TextField
          label={FIELDS.name.label}
          help={FIELDS.name.help}
          value={draft.name}
          onChange={(name) => change({ name })}
          placeholder={draft.ae_title}
          disabled={before !== null}
          error={errors.name}
        />
        {(["ae_title", "host", "port"] as const).map(field)}
      </div>
      <Services allowed={draft.allowed} onChange={(allowed) => change({ allowed })} />
      <Results results={draft.results} onChange={(results) => change({ results })} />
      {GROUPS.map(({ title, keys }) => (
        <Group key={title} title={title}>
          {keys.map(field)}
        </Group>
      ))}
      {refusal.whole && <Alert>{refusal.whole}</Alert>}
      {save.isError && !refusal.whole && <Alert>The node refused it: see the fields above.</Alert>}
      {Object.keys(missing).length > 0 && <Alert>It is not saved yet: see the fields above.</Alert>}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" tone="primary" disabled={save.isPending}>
          Save
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className="border-t border-line pt-2">
      <legend className="pr-2 text-xs font-medium text-muted">{title}</legend>
      <div className="grid items-start gap-3 sm:grid-cols-2">{children}</div>
    </fieldset>
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
