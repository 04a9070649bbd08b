import { Link } from "@tanstack/react-router";
import { formatMoment } from "../dicom/dates";
import { Button } from "../ui/Button";
import { CollectionTable } from "../ui/CollectionTable";
import type { Column } from "../ui/DataTable";
import { StatusText } from "../ui/messages";
import { ProgressBar } from "../ui/ProgressBar";
import { Section } from "../ui/Section";
import { useCancelRetrieval, useRetrievals } from "./queries";
import { isUnfinished, percentOf, type Retrieval, retrievalText } from "./query";

/** What was asked for lately, and how far it is. */
export function Retrievals() {
  const query = useRetrievals();
  const columns: Column<Retrieval>[] = [
    { header: "Time", cell: ({ created }) => formatMoment(created), className: "whitespace-nowrap" },
    { header: "Remote AE", cell: ({ remote_ae }) => <span className="font-medium">{remote_ae}</span> },
    {
      header: "Study",
      cell: ({ study_uid }) => (
        <Link to="/studies/$studyUid" params={{ studyUid: study_uid }} className="text-accent underline">
          {study_uid}
        </Link>
      ),
    },
    { header: "State", cell: (retrieval) => <State retrieval={retrieval} />, className: "min-w-56" },
    { header: "Action", cell: (retrieval) => <Stop retrieval={retrieval} /> },
  ];
  return (
    <Section title="Retrievals">
      <CollectionTable
        label="Retrievals"
        what="The retrievals"
        query={query}
        columns={columns}
        rowKey={({ id }) => id}
        empty="Nothing was retrieved yet. Query an archive, choose studies and retrieve them."
      />
    </Section>
  );
}

function State({ retrieval }: { retrieval: Retrieval }) {
  const bad = retrieval.status === "failed" || retrieval.status === "partial";
  return (
    <div className="grid gap-1">
      <StatusText text={retrievalText(retrieval)} className={bad ? "text-danger" : ""} />
      {isUnfinished(retrieval) && (
        <ProgressBar label="Progress of the retrieval" percent={percentOf(retrieval)} slim />
      )}
      {retrieval.message && <span className="text-xs text-muted">{retrieval.message}</span>}
    </div>
  );
}

function Stop({ retrieval }: { retrieval: Retrieval }) {
  const cancel = useCancelRetrieval();
  if (!isUnfinished(retrieval)) return null;
  return (
    <Button
      disabled={cancel.isPending || retrieval.cancel_requested}
      onClick={() => cancel.mutate(retrieval.id)}
    >
      Cancel
    </Button>
  );
}
