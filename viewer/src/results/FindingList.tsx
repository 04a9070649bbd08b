import type { Finding } from "../reports/findings";
import { certaintyText, measurementText, siteText } from "../reports/text";

interface Props {
  findings: readonly Finding[];
  selected: string | null;
  onPress: (finding: Finding) => void;
}

export function FindingList({ findings, selected, onPress }: Props) {
  return (
    <ul aria-label="Findings" className="grid gap-1">
      {findings.map((finding) => (
        <li key={finding.key}>
          <button
            type="button"
            aria-pressed={finding.key === selected}
            onClick={() => onPress(finding)}
            className="grid w-full gap-0.5 rounded border border-line bg-raised px-2.5 py-1.5 text-left hover:border-muted aria-pressed:border-accent aria-pressed:bg-selected"
          >
            <span className="flex items-baseline justify-between gap-2">
              <span className="font-medium">{finding.name} </span>
              <span className="shrink-0 text-accent">{certaintyText(finding)} </span>
            </span>
            <Details finding={finding} />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Details({ finding }: { finding: Finding }) {
  const site = siteText(finding);
  const lines = [
    ...finding.measurements.map(measurementText),
    ...finding.evaluations.map(({ name, value }) => `${name}: ${value}`),
  ];
  return (
    <span className="text-xs text-muted">
      {site && <span className="block">{site} </span>}
      {lines.map((line) => (
        <span key={line} className="block">
          {line}{" "}
        </span>
      ))}
    </span>
  );
}
