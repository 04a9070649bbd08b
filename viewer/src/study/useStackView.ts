import { type RefObject, useEffect, useRef, useState } from "react";
import { explain } from "../http/problem";
import type { Frame } from "../rendering/frames";
import { type StackState, StackView } from "../rendering/stack-view";

const NOTHING: StackState = { index: 0, window: null, inverted: false, error: null, shown: false };

/** A stack view in an element, from when it is there to when it goes. */
export function useStackView(element: RefObject<HTMLDivElement | null>, frames: readonly Frame[]) {
  const [view, setView] = useState<StackView | null>(null);
  const [state, setState] = useState<StackState>(NOTHING);
  const shown = useRef<string | undefined>(undefined);

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
    const kept = frames.findIndex(({ imageId }) => imageId === shown.current);
    void view.show(frames, Math.max(0, kept));
  }, [view, frames]);

  useEffect(() => {
    shown.current = frames[state.index]?.imageId;
  }, [frames, state.index]);

  return { view, state };
}
