import type { Result } from "./queries";
import { STATE_COLOURS } from "./states";

interface Props {
  results: readonly Result[];
  chosen: Result;
  onChoose: (id: string) => void;
}

/** One button a report; the chosen one is shown below. */
export function ResultChoice({ results, chosen, onChoose }: Props) {
  return (
    <fieldset className="flex flex-wrap gap-1 px-3 pt-2">
      <legend className="sr-only">Reports</legend>
      {results.map((result) => (
        <button
          key={String(result.id)}
          type="button"
          aria-pressed={result.id === chosen.id}
          onClick={() => onChoose(String(result.id))}
          className="flex items-center gap-1.5 rounded border border-line px-2 py-0.5 text-xs text-muted hover:text-text aria-pressed:border-accent aria-pressed:bg-selected aria-pressed:text-text"
        >
          <span
            className={`size-1.5 rounded-full bg-current ${STATE_COLOURS[result.state]}`}
            aria-hidden="true"
          />
          {result.analyzer}
        </button>
      ))}
    </fieldset>
  );
}
