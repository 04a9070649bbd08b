import { Link } from "@tanstack/react-router";
import { formatMoment } from "../dicom/dates";
import { CollectionTable } from "../ui/CollectionTable";
import type { Column } from "../ui/DataTable";
import { Section } from "../ui/Section";
import { madeText, type Step, stateText } from "./entry";
import { useSteps } from "./queries";

/** What modalities report of their work (MPPS). */
export function StepTable() {
  return (
    <Section title="Performed procedure steps">
      <CollectionTable
        label="Performed procedure steps"
        what="The performed procedure steps"
        query={useSteps()}
        columns={COLUMNS}
        rowKey={({ id }) => id}
        empty="No modality has reported a step yet."
      />
    </Section>
  );
}

const COLUMNS: readonly Column<Step>[] = [
  { header: "Begun", cell: ({ created }) => formatMoment(created), className: "whitespace-nowrap" },
  { header: "Modality", cell: ({ modality }) => modality },
  {
    header: "Station",
    cell: ({ station_ae_title, calling_ae_title }) => station_ae_title || calling_ae_title,
  },
  { header: "Patient ID", cell: ({ patient_id }) => patient_id },
  { header: "Accession number", cell: ({ accession_number }) => accession_number },
  { header: "State", cell: ({ state }) => stateText(state) },
  { header: "Made", cell: madeText },
  {
    header: "Study",
    cell: ({ study_uid }) => (
      <Link to="/studies/$studyUid" params={{ studyUid: study_uid }} className="text-accent underline">
        {study_uid}
      </Link>
    ),
  },
];
