import { useState } from "react";
import { formatMoment } from "../dicom/dates";
import type { Schemas } from "../http/schemas";
import { useCollection } from "../http/useCollection";
import { CollectionTable } from "../ui/CollectionTable";
import type { Column } from "../ui/DataTable";
import { Section } from "../ui/Section";
import { TextField } from "../ui/TextField";

type AuditRecord = Schemas["AuditRecord"];

const COLUMNS: readonly Column<AuditRecord>[] = [
  { header: "Time", cell: ({ time }) => formatMoment(time), className: "whitespace-nowrap" },
  { header: "Action", cell: ({ action }) => <span className="font-medium">{action}</span> },
  { header: "Outcome", cell: ({ outcome }) => outcome },
  { header: "By", cell: ({ principal }) => principal },
  { header: "Address", cell: ({ address }) => address },
  { header: "Details", cell: ({ detail }) => detailText(detail), className: "break-all" },
];

function detailText(detail: Record<string, unknown> | undefined): string {
  return Object.entries(detail ?? {})
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(", ");
}

export function AuditTab() {
  const [principal, setPrincipal] = useState("");
  const query = useCollection<AuditRecord>(["audit"], "/api/v1/audit", { principal: principal.trim() });
  return (
    <Section title="Audit trail">
      <TextField label="By" value={principal} onChange={setPrincipal} className="w-56 px-3 pt-2" />
      <CollectionTable
        label="Audit trail"
        what="The audit trail"
        query={query}
        columns={COLUMNS}
        rowKey={({ id }) => id}
        empty="No record."
      />
    </Section>
  );
}
