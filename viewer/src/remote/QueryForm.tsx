import { useState } from "react";
import { explain } from "../http/problem";
import { Button } from "../ui/Button";
import { Alert } from "../ui/messages";
import { Section } from "../ui/Section";
import { Select } from "../ui/Select";
import { TextField } from "../ui/TextField";
import { MODALITIES } from "../worklist/filters";
import { NOTHING, problemOf, type Wanted } from "./query";

interface Props {
  peers: readonly { name: string; ae_title: string }[];
  peer: string;
  onPeer: (name: string) => void;
  busy: boolean;
  error: unknown;
  onQuery: (wanted: Wanted) => void;
}

const ANY = [{ value: "", label: "Any" }, ...MODALITIES.map((value) => ({ value, label: value }))];

export function QueryForm({ peers, peer, onPeer, busy, error, onQuery }: Props) {
  const [wanted, setWanted] = useState(NOTHING);
  const [tried, setTried] = useState(false);
  const change = (part: Partial<Wanted>) => setWanted({ ...wanted, ...part });
  const problem = tried ? problemOf(wanted) : "";
  const submit = () => {
    setTried(true);
    if (problemOf(wanted) === "") onQuery(wanted);
  };
  return (
    <Section title="Query">
      <form
        aria-label="Query"
        className="grid gap-3 p-3"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <div className="grid grid-cols-[repeat(auto-fit,minmax(9rem,1fr))] gap-3">
          <Select
            label="Remote AE"
            visibleLabel
            value={peer}
            options={peers.map(({ name }) => ({ value: name, label: name }))}
            onChange={onPeer}
          />
          <TextField label="Patient name" value={wanted.name} onChange={(name) => change({ name })} />
          <TextField
            label="Patient ID"
            value={wanted.patientId}
            onChange={(patientId) => change({ patientId })}
          />
          <TextField
            label="Accession number"
            value={wanted.accession}
            onChange={(accession) => change({ accession })}
          />
          <TextField
            label="Study date from"
            placeholder="YYYY-MM-DD"
            value={wanted.from}
            onChange={(from) => change({ from })}
          />
          <TextField
            label="Study date to"
            placeholder="YYYY-MM-DD"
            value={wanted.to}
            onChange={(to) => change({ to })}
          />
          <Select
            label="Modality"
            visibleLabel
            value={wanted.modality}
            options={ANY}
            onChange={(modality) => change({ modality })}
          />
        </div>
        {problem && <Alert>{problem}</Alert>}
        {!problem && error !== null && <Alert>{explain(error)}</Alert>}
        <div>
          <Button type="submit" tone="primary" disabled={busy}>
            {busy ? "Asking…" : "Query"}
          </Button>
        </div>
      </form>
    </Section>
  );
}
