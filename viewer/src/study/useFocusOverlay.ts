import { type RefObject, useEffect, useRef } from "react";
import { explain } from "../http/problem";
import type { Frame } from "../rendering/frames";
import { Overlay } from "../rendering/overlay";
import { frameOfRegions, shapesOn } from "../rendering/shapes";
import type { StackView } from "../rendering/stack-view";
import type { Focus } from "./focus";
import { useSegmentations } from "./useSegmentations";

interface Options {
  studyUid: string;
  svg: RefObject<SVGSVGElement | null>;
  view: StackView | null;
  goTo: (index: number) => void;
  frames: readonly Frame[];
  index: number;
  focus: Focus | null;
  on: boolean;
}

/** Go to the image of the finding that was pressed, and draw its region on every image that has a part. */
export function useFocusOverlay({ studyUid, svg, view, goTo, frames, index, focus, on }: Options) {
  const { found, ready, failed } = useSegmentations(studyUid, focus);
  const overlay = useRef<Overlay | null>(null);
  const answered = useRef<number | null>(null);
  const revealed = useRef<number | null>(null);

  useEffect(() => {
    if (!view || !svg.current) return;
    const made = new Overlay(svg.current, (point) => view.toCanvas(point));
    overlay.current = made;
    view.onDrawn = () => made.draw();
    return () => {
      view.onDrawn = null;
      made.show([]);
    };
  }, [view, svg]);

  useEffect(() => {
    if (!focus || answered.current === focus.request) return;
    const target = frameOfRegions(focus.regions, frames, found);
    // A segment has no place before it is loaded; an outline has.
    if (target === undefined && !ready) return;
    answered.current = focus.request;
    if (target !== undefined) goTo(target);
  }, [goTo, focus, frames, ready, found]);

  useEffect(() => {
    const frame = frames[index];
    const shapes = focus && frame ? shapesOn(frame, focus.regions, found) : [];
    overlay.current?.show(on ? shapes : []);
    const corner = shapes[0]?.rings[0]?.[0];
    if (!focus || !corner || revealed.current === focus.request) return;
    revealed.current = focus.request;
    view?.reveal(corner);
  }, [frames, index, focus, found, on, view]);

  if (failed) return { message: `The region could not be loaded: ${explain(failed)}` };
  if (focus && focus.regions.length === 0) return { message: "The report gives no region for this finding." };
  return { message: ready ? "" : "Loading the region…" };
}
