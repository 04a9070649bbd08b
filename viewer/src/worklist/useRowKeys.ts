import { type RefObject, useEffect } from "react";

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 };

/** Where a key leads from row `current` (-1: none) of `count`; undefined: the key is not for rows. */
export function nextRow(key: string, current: number, count: number): number | undefined {
  if (count === 0) return undefined;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  const step = STEPS[key];
  if (step === undefined) return undefined;
  return Math.min(count - 1, Math.max(0, current + step));
}

/** Fields keep their own keys, but ArrowDown in the search field leads into the list. */
function belongsToField(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("input[type=search]")) return key !== "ArrowDown";
  return target.matches("input, select, textarea, button, [role=tab], nav a, dialog *");
}

/** Arrow keys move over the rows' links; Enter opens one because it is a link. */
export function useRowKeys(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  reveal: (index: number) => void,
): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.altKey || event.ctrlKey || event.metaKey || belongsToField(event.target, event.key)) return;
      const focused = (document.activeElement as HTMLElement | null)?.dataset.row;
      const index = nextRow(event.key, focused === undefined ? -1 : Number(focused), count);
      if (index === undefined) return;
      event.preventDefault();
      reveal(index);
      // A row that was out of view exists only after the list has been drawn again.
      requestAnimationFrame(() =>
        requestAnimationFrame(() =>
          scroller.current?.querySelector<HTMLElement>(`[data-row="${index}"]`)?.focus(),
        ),
      );
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [scroller, count, reveal]);
}
