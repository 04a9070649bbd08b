import { formatMoment } from "../../dicom/dates";
import type { Association } from "../../http/schemas";
import { useCollection } from "../../http/useCollection";
import { Button } from "../../ui/Button";
import { CollectionTable } from "../../ui/CollectionTable";
import type { Column } from "../../ui/DataTable";
import { Section } from "../../ui/Section";

export function RejectedTable({ onAllow }: { onAllow: (association: Association) => void }) {
  const query = useCollection<Association>(["associations", "rejected"], "/api/v1/associations", {
    state: "rejected",
  });
  const columns: Column<Association>[] = [
    { header: "Time", cell: ({ time }) => formatMoment(time), className: "whitespace-nowrap" },
    { header: "Calling AE", cell: (row) => <span className="font-medium">{row.calling_ae_title}</span> },
    { header: "Called AE", cell: (row) => row.called_ae_title },
    { header: "Address", cell: ({ address }) => address },
    {
      header: "Reason",
      cell: ({ reason, count }) => `${reason ?? ""}${(count ?? 1) > 1 ? ` (${count} times)` : ""}`,
    },
    { header: "Action", cell: (row) => <Button onClick={() => onAllow(row)}>Allow</Button> },
  ];
  return (
    <Section title="Rejected associations">
      <CollectionTable
        label="Rejected associations"
        what="The rejected associations"
        query={query}
        columns={columns}
        rowKey={({ id }) => id}
        empty="No association was rejected. Systems that call without being allowed appear here at once."
      />
    </Section>
  );
}
