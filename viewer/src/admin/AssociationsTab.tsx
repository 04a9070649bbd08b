import { useState } from "react";
import { formatDuration, formatMoment } from "../dicom/dates";
import type { Association } from "../http/schemas";
import { useCollection } from "../http/useCollection";
import { CollectionTable } from "../ui/CollectionTable";
import type { Column } from "../ui/DataTable";
import { Section } from "../ui/Section";
import { Select } from "../ui/Select";

const STATES = [
  { value: "", label: "All states" },
  ...["open", "closed", "rejected", "aborted"].map((value) => ({ value, label: value })),
];

const COLUMNS: readonly Column<Association>[] = [
  { header: "Time", cell: ({ time }) => formatMoment(time), className: "whitespace-nowrap" },
  { header: "State", cell: ({ state }) => state },
  { header: "Calling AE", cell: (row) => <span className="font-medium">{row.calling_ae_title}</span> },
  { header: "Called AE", cell: (row) => row.called_ae_title },
  { header: "Address", cell: ({ address }) => address },
  { header: "Lasted", cell: ({ time, ended }) => formatDuration(time, ended ?? null) },
  { header: "Reason", cell: ({ reason }) => reason },
];

export function AssociationsTab() {
  const [state, setState] = useState("");
  const query = useCollection<Association>(["associations", "all"], "/api/v1/associations", { state });
  return (
    <Section
      title="Associations"
      action={<Select label="State" value={state} options={STATES} onChange={setState} className="w-36" />}
    >
      <CollectionTable
        label="Associations"
        what="The associations"
        query={query}
        columns={COLUMNS}
        rowKey={({ id }) => id}
        empty="No association of this kind yet."
      />
    </Section>
  );
}
