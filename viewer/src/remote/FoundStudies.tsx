import { useState } from "react";
import { explain } from "../http/problem";
import { Button } from "../ui/Button";
import { type Column, DataTable } from "../ui/DataTable";
import { Alert, StatusText } from "../ui/messages";
import { Section } from "../ui/Section";
import { useRetrieve } from "./queries";
import { type FoundStudy, type Match, studyOf } from "./query";

interface Props {
  peer: string;
  matches: readonly Match[];
  more: boolean;
}

/** What the archive answered; those that are chosen are retrieved. */
export function FoundStudies({ peer, matches, more }: Props) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const retrieve = useRetrieve();
  const studies = matches.map(studyOf);
  const choose = (studyUid: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(studyUid);
    else next.delete(studyUid);
    setChosen(next);
  };
  const columns: Column<FoundStudy>[] = [
    {
      header: "Choose",
      cell: (study) => (
        <input
          type="checkbox"
          aria-label={`Choose ${study.name || study.patientId}, ${study.date}`}
          checked={chosen.has(study.studyUid)}
          onChange={(event) => choose(study.studyUid, event.target.checked)}
          className="size-4 accent-accent-strong"
        />
      ),
    },
    { header: "Patient", cell: ({ name }) => <span className="font-medium">{name}</span> },
    { header: "Patient ID", cell: ({ patientId }) => patientId },
    { header: "Date", cell: ({ date }) => date, className: "whitespace-nowrap" },
    { header: "Modality", cell: ({ modalities }) => modalities },
    { header: "Description", cell: ({ description }) => description },
    { header: "Accession number", cell: ({ accession }) => accession },
    { header: "Images", cell: ({ images }) => images },
  ];
  const start = () =>
    retrieve.mutate({ peer, studies: [...chosen] }, { onSuccess: () => setChosen(new Set()) });
  return (
    <Section
      title={`Studies of ${peer}`}
      action={
        <Button tone="primary" disabled={chosen.size === 0 || retrieve.isPending} onClick={start}>
          {chosen.size > 1 ? `Retrieve ${chosen.size} studies` : "Retrieve"}
        </Button>
      }
    >
      {retrieve.isError && (
        <div className="p-2">
          <Alert>{explain(retrieve.error)}</Alert>
        </div>
      )}
      <p className="px-3 py-1.5 text-xs text-muted">
        <StatusText text={countText(studies.length, more)} />
      </p>
      <DataTable
        label="Studies found"
        columns={columns}
        rows={studies}
        rowKey={({ studyUid }) => studyUid}
        empty="The archive has no study like this."
      />
    </Section>
  );
}

function countText(count: number, more: boolean): string {
  if (more) return `The first ${count} studies. There are more: narrow the query down.`;
  return count === 1 ? "1 study" : `${count} studies`;
}
