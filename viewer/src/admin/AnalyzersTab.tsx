import type { Schemas } from "../http/schemas";
import { useCollection } from "../http/useCollection";
import { CollectionTable } from "../ui/CollectionTable";
import type { Column } from "../ui/DataTable";
import { Section } from "../ui/Section";

type Analyzer = Schemas["Analyzer"];

const COLUMNS: readonly Column<Analyzer>[] = [
  { header: "Name", cell: ({ name }) => <span className="font-medium">{name}</span> },
  { header: "Version", cell: ({ version }) => version },
  { header: "Description", cell: ({ description }) => description },
  {
    header: "Kind",
    cell: ({ is_mock }) =>
      is_mock ? <span className="text-warn">Mock, not for clinical use</span> : "Analyzer",
  },
  { header: "Takes series", cell: ({ enabled }) => (enabled ? "yes" : "no") },
];

export function AnalyzersTab() {
  const query = useCollection<Analyzer>(["analyzers"], "/api/v1/analyzers");
  return (
    <Section title="Analyzers">
      <CollectionTable
        label="Analyzers"
        what="The analyzers"
        query={query}
        columns={COLUMNS}
        rowKey={({ name, version }) => `${name} ${version}`}
        empty="No analyzer is installed."
      />
    </Section>
  );
}
