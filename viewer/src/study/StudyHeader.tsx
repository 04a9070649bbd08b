import { formatDate } from "../dicom/dates";
import { type JsonDataset, text } from "../dicom/json";
import { TAG } from "../dicom/tags";
import type { Schemas } from "../http/schemas";
import { StudyStatus } from "../worklist/StudyStatus";

interface Props {
  study: JsonDataset;
  name: string;
  status: Schemas["Study"] | null;
}

export function StudyHeader({ study, name, status }: Props) {
  const facts = [
    ["Patient ID", text(study, TAG.patientId)],
    ["Sex", text(study, TAG.patientSex)],
    ["Born", formatDate(text(study, TAG.patientBirthDate))],
    ["Study date", formatDate(text(study, TAG.studyDate))],
    ["Description", text(study, TAG.studyDescription)],
    ["Accession number", text(study, TAG.accessionNumber)],
  ].filter(([, value]) => value);
  return (
    <header className="flex flex-wrap items-center gap-x-5 gap-y-0.5 border-b border-line bg-surface px-3 py-1.5">
      <h1 className="text-sm font-semibold">{name}</h1>
      <dl className="flex flex-wrap gap-x-4 text-xs">
        {facts.map(([name, value]) => (
          <div key={name} className="flex gap-1.5">
            <dt className="text-muted">{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {status && (
        <div className="ml-auto max-sm:ml-0">
          <StudyStatus status={status.status} percent={status.percent} />
        </div>
      )}
    </header>
  );
}
