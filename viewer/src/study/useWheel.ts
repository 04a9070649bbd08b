import { type RefObject, useEffect, useRef } from "react";

/** A mouse turns in steps of about 100; a touch pad in many small ones. */
const STEP = 60;

/** Scroll one image a step of the wheel. */
export function useWheel(element: RefObject<HTMLElement | null>, scroll: (by: number) => void): void {
  const latest = useRef(scroll);
  useEffect(() => {
    latest.current = scroll;
  });
  useEffect(() => {
    const target = element.current;
    if (!target) return;
    let turned = 0;
    const turn = (event: WheelEvent) => {
      // React's own handlers cannot keep the page from scrolling along.
      event.preventDefault();
      turned += event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * STEP;
      const steps = Math.trunc(turned / STEP);
      if (steps === 0) return;
      turned = Math.abs(event.deltaY) >= STEP ? 0 : turned - steps * STEP;
      latest.current(Math.abs(event.deltaY) >= STEP ? Math.sign(steps) : steps);
    };
    target.addEventListener("wheel", turn, { passive: false });
    return () => target.removeEventListener("wheel", turn);
  }, [element]);
}
