import { useState } from "react";
import { formatDate } from "../dicom/dates";
import { formatPersonName } from "../dicom/person-name";
import { explain } from "../http/problem";
import { Button } from "../ui/Button";
import { CollectionTable } from "../ui/CollectionTable";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import type { Column } from "../ui/DataTable";
import { Alert } from "../ui/messages";
import { Section } from "../ui/Section";
import { type Entry, formatTime, stateText } from "./entry";
import { useEntries, useRemoveEntry } from "./queries";

interface Props {
  /** Whether entries may be added and removed here. */
  mayChange: boolean;
  onAdd: () => void;
}

const SOURCES = { api: "API or page", file: "worklist file", order: "order" } as const;

/** What modalities are told when they ask for their worklist, and what is done. */
export function EntryTable({ mayChange, onAdd }: Props) {
  const query = useEntries();
  const remove = useRemoveEntry();
  const [removing, setRemoving] = useState<Entry | null>(null);
  const action: Column<Entry> = {
    header: "Action",
    cell: (entry) => <Button onClick={() => setRemoving(entry)}>Remove</Button>,
  };
  return (
    <Section
      title="Scheduled steps"
      action={
        mayChange && (
          <Button tone="primary" onClick={onAdd}>
            Schedule a step
          </Button>
        )
      }
    >
      {remove.isError && (
        <div className="p-2">
          <Alert>{explain(remove.error)}</Alert>
        </div>
      )}
      <CollectionTable
        label="Scheduled steps"
        what="The scheduled steps"
        query={query}
        columns={mayChange ? [...COLUMNS, action] : COLUMNS}
        rowKey={({ id }) => id}
        empty="Nothing is scheduled. Entries come from this page, the API, worklist files and orders."
      />
      {removing && (
        <ConfirmDialog
          title="Remove this step from the worklist?"
          text={questionOf(removing)}
          action="Remove step"
          onClose={() => setRemoving(null)}
          onConfirm={() => {
            remove.mutate(removing.id);
            setRemoving(null);
          }}
        />
      )}
    </Section>
  );
}

const COLUMNS: readonly Column<Entry>[] = [
  {
    header: "Start",
    cell: ({ start_date, start_time }) => `${formatDate(start_date)} ${formatTime(start_time)}`,
    className: "whitespace-nowrap",
  },
  {
    header: "Patient",
    cell: ({ patient_name }) => <span className="font-medium">{formatPersonName(patient_name)}</span>,
  },
  { header: "Patient ID", cell: ({ patient_id }) => patient_id },
  { header: "Accession number", cell: ({ accession_number }) => accession_number },
  { header: "Modality", cell: ({ modality }) => modality },
  { header: "Station", cell: ({ station_ae_titles }) => station_ae_titles.join(", ") },
  { header: "State", cell: ({ state }) => stateText(state) },
  { header: "From", cell: ({ source }) => SOURCES[source] },
];

function questionOf({ patient_name, modality, source }: Entry): string {
  const what = `Modalities are no longer told of ${modality} for ${formatPersonName(patient_name)}.`;
  return source === "file" ? `${what} Its file brings it back when it changes.` : what;
}
