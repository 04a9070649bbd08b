import { useQuery } from "@tanstack/react-query";
import { numbers } from "../dicom/dates";
import { request } from "../http/client";
import type { Schemas } from "../http/schemas";
import { Failed, Loading } from "../ui/messages";
import { Section } from "../ui/Section";
import { formatBytes } from "../upload/bytes";
import { IngestFacts } from "./IngestFacts";

type System = Schemas["System"];
type Statistics = Schemas["Statistics"];

export function SystemTab() {
  const system = useQuery({
    queryKey: ["system"],
    queryFn: ({ signal }) => request<System>("/api/v1/system", { signal }),
    refetchInterval: 10_000,
  });
  const statistics = useQuery({
    queryKey: ["statistics"],
    queryFn: ({ signal }) => request<Statistics>("/api/v1/statistics", { signal }),
    refetchInterval: 10_000,
  });
  return (
    <>
      <Section title="Node">
        {system.isPending && <Loading what="the state of the node" />}
        {system.isError && <Failed what="The state of the node" error={system.error} />}
        {system.data && <Facts facts={systemFacts(system.data)} />}
      </Section>
      {statistics.data && (
        <>
          <Section title="Storage">
            <Facts facts={storageFacts(statistics.data.storage)} />
          </Section>
          <Section title="Ingest">
            <IngestFacts ingest={statistics.data.ingest} />
          </Section>
        </>
      )}
      <Section title="Archive">
        {statistics.isPending && <Loading what="the numbers" />}
        {statistics.isError && <Failed what="The numbers" error={statistics.error} />}
        {statistics.data && <Facts facts={statisticsFacts(statistics.data)} />}
      </Section>
    </>
  );
}

type Fact = readonly [name: string, value: string];

function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="grid grid-cols-[repeat(auto-fill,minmax(11rem,1fr))] gap-3 p-3">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt className="text-xs text-muted">{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function systemFacts({ version, python, ae_title, dicom_port, database, parts }: System): Fact[] {
  return [
    ["Version", version],
    ["Python", python],
    ["AE title", `${ae_title}, port ${dicom_port}`],
    ["Database kind", database],
    ...parts.map(({ name, ready }): Fact => [`Ready: ${name}`, ready ? "yes" : "no"]),
  ];
}

function storageFacts({
  free_bytes,
  total_bytes,
  warning_bytes,
  reserved_bytes,
}: Statistics["storage"]): Fact[] {
  return [
    ["Free space", `${formatBytes(free_bytes)} of ${formatBytes(total_bytes)}`],
    ["Warning below", formatBytes(warning_bytes)],
    ["Images refused below", formatBytes(reserved_bytes)],
  ];
}

function statisticsFacts(found: Statistics): Fact[] {
  const counted = (counts: Record<string, number>) =>
    Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${numbers.format(count)} ${name.toLowerCase()}`)
      .join(", ") || "none";
  return [
    ["Patients", numbers.format(found.patients)],
    ["Studies", numbers.format(found.studies)],
    ["Series", numbers.format(found.series)],
    ["Objects", `${numbers.format(found.instances)}, ${formatBytes(found.bytes)}`],
    ["Jobs", counted(found.jobs)],
    ["Results", counted(found.results)],
    ["Deliveries", counted(found.deliveries)],
    ["Associations", counted(found.associations)],
  ];
}
