import { numbers } from "../dicom/dates";
import type { Schemas } from "../http/schemas";
import { DataTable } from "../ui/DataTable";

type Ingest = Schemas["Ingest"];
type Row = Schemas["StageTimes"] & { stage: string };

/** In the order of an object's way. */
const STAGES: Record<string, string> = {
  receive: "Received from the sender",
  header: "Header read",
  fsync: "Written to disk",
  rename: "File named",
  folder_fsync: "Name written to disk",
  index: "Index written",
  commit: "Index made durable",
  total: "Received to answered",
};

const RATE = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const TIME = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });

const COLUMNS = [
  { header: "Step", cell: ({ stage }: Row) => STAGES[stage] ?? stage },
  { header: "Count", cell: ({ count }: Row) => numbers.format(count), className: "text-right" },
  { header: "Half below", cell: ({ p50_ms }: Row) => milliseconds(p50_ms), className: "text-right" },
  { header: "99 % below", cell: ({ p99_ms }: Row) => milliseconds(p99_ms), className: "text-right" },
];

/** How images came in lately, and where their time went. */
export function IngestFacts({ ingest }: { ingest: Ingest }) {
  const known = Object.keys(STAGES);
  const rows = Object.entries(ingest.stages)
    .map(([stage, times]) => ({ stage, ...times }))
    .sort((one, other) => known.indexOf(one.stage) - known.indexOf(other.stage));
  return (
    <>
      <p className="border-b border-line/60 px-3 py-2">
        {RATE.format(ingest.rate)} images a second in the last minute.{" "}
        {ingest.refused > 0 && (
          <span className="text-danger">
            {numbers.format(ingest.refused)} refused in the last ten minutes.
          </span>
        )}
      </p>
      <DataTable
        label="Ingest times"
        columns={COLUMNS}
        rows={rows}
        rowKey={({ stage }) => stage}
        empty="No image in the last ten minutes."
      />
    </>
  );
}

function milliseconds(value: number): string {
  return value < 1000 ? `${TIME.format(value)} ms` : `${TIME.format(value / 1000)} s`;
}
