import { useState } from "react";
import { explain } from "../../http/problem";
import { Button } from "../../ui/Button";
import { Checkbox } from "../../ui/Checkbox";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Alert } from "../../ui/messages";
import { Select } from "../../ui/Select";
import { TextField } from "../../ui/TextField";
import { useRemoteAes } from "../aes/queries";
import { useSaveRoute } from "./queries";
import { CONDITIONS, type Route, readList } from "./route";

const ORIGINS = [
  { value: "images", label: "Images that others sent" },
  { value: "results", label: "Results of this node" },
  { value: "any", label: "Both" },
];

interface Props {
  route: Route;
  isNew: boolean;
  onClose: () => void;
}

export function RouteDialog({ route: initial, isNew, onClose }: Props) {
  const [route, setRoute] = useState(initial);
  const [typed, setTyped] = useState(() =>
    Object.fromEntries(CONDITIONS.map(({ key }) => [key, (initial[key] ?? []).join(", ")])),
  );
  const save = useSaveRoute();
  const change = (part: Partial<Route>) => setRoute({ ...route, ...part });
  const submit = () => {
    const lists = Object.fromEntries(CONDITIONS.map(({ key }) => [key, readList(typed[key] ?? "")]));
    save.mutate({ route: { ...route, ...lists }, isNew }, { onSuccess: onClose });
  };
  return (
    <Dialog title={isNew ? "Add route" : "Edit route"} onClose={onClose} onSubmit={submit}>
      <TextField
        label="Name"
        required
        disabled={!isNew}
        value={route.name}
        onChange={(name) => change({ name })}
      />
      <Select
        visibleLabel
        label="What is sent"
        value={route.origin}
        options={ORIGINS}
        onChange={(origin) => change({ origin: origin as Route["origin"] })}
      />
      <fieldset className="grid grid-cols-2 gap-x-3 gap-y-2">
        <legend className="mb-1 text-xs text-muted">
          Only when (several with commas; * stands for anything)
        </legend>
        {CONDITIONS.map(({ key, label }) => (
          <TextField
            key={key}
            label={label}
            value={typed[key] ?? ""}
            onChange={(value) => setTyped({ ...typed, [key]: value })}
          />
        ))}
      </fieldset>
      <Destinations chosen={route.to} onChange={(to) => change({ to })} />
      <Checkbox label="In use" checked={route.enabled} onChange={(enabled) => change({ enabled })} />
      {save.isError && <Alert>{explain(save.error)}</Alert>}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" tone="primary" disabled={save.isPending || route.to.length === 0}>
          Save
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function Destinations({ chosen, onChange }: { chosen: readonly string[]; onChange: (to: string[]) => void }) {
  const aes = useRemoteAes();
  const names = [...new Set([...chosen, ...(aes.data ?? []).map(({ name }) => name)])];
  return (
    <fieldset>
      <legend className="mb-1 text-xs text-muted">Destinations</legend>
      <div className="flex flex-wrap gap-x-4 gap-y-1">
        {names.map((name) => (
          <Checkbox
            key={name}
            label={name}
            checked={chosen.includes(name)}
            onChange={(on) => onChange(on ? [...chosen, name] : chosen.filter((other) => other !== name))}
          />
        ))}
        {names.length === 0 && <p className="text-muted">Add an AE title first.</p>}
      </div>
    </fieldset>
  );
}
