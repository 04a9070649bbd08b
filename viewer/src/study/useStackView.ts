import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { explain } from "../http/problem";
import type { Frame } from "../rendering/frames";
import { type StackState, StackView } from "../rendering/stack-view";

const NOTHING: StackState = { index: 0, window: null, inverted: false, error: null, shown: false };

/**
 * A stack view in an element, from when it is there to when it goes.
 *
 * The renderer takes a moment to start; an image that is asked for before is shown when it has.
 */
export function useStackView(element: RefObject<HTMLDivElement | null>, frames: readonly Frame[]) {
  const [view, setView] = useState<StackView | null>(null);
  const [state, setState] = useState<StackState>(NOTHING);
  const wanted = useRef<{ index: number; imageId: string | undefined }>({ index: 0, imageId: undefined });

  useEffect(() => {
    if (!element.current) return;
    let gone = false;
    let made: StackView | null = null;
    StackView.create(element.current, (next) => !gone && setState(next)).then(
      (created) => {
        made = created;
        if (gone) created.dispose();
        else setView(created);
      },
      (error) => !gone && setState({ ...NOTHING, error: `Images cannot be drawn here: ${explain(error)}` }),
    );
    return () => {
      gone = true;
      setView(null);
      made?.dispose();
    };
  }, [element]);

  useEffect(() => {
    if (!view) return;
    // Frames that arrive late are added around the one that is being read.
    const { index, imageId } = wanted.current;
    const kept = frames.findIndex((frame) => frame.imageId === imageId);
    void view.show(frames, kept >= 0 ? kept : Math.min(index, frames.length - 1));
  }, [view, frames]);

  useEffect(() => {
    wanted.current = { index: state.index, imageId: frames[state.index]?.imageId };
  }, [state.index, frames]);

  const goTo = useCallback(
    (target: number) => {
      const index = Math.min(frames.length - 1, Math.max(0, target));
      if (view) void view.goTo(index);
      else setState((before) => ({ ...before, index }));
    },
    [view, frames],
  );
  return { view, state, goTo };
}
