import type { Report } from "../reports/report";

interface Card {
  report: { data?: Report | undefined };
}

/** What was found comes before what was only measured, and that before what says nothing. */
export function inReadingOrder<C extends Card>(cards: readonly C[]): C[] {
  return [...cards].sort((a, b) => rank(a.report.data) - rank(b.report.data));
}

function rank(report: Report | undefined): number {
  if (!report) return 3;
  if (report.findings.some(({ certaintyPercent }) => certaintyPercent !== null)) return 0;
  return report.findings.length > 0 ? 1 : 2;
}
