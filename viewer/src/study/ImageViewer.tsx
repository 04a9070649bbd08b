import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { type Frame, ownWindow } from "../rendering/frames";
import type { Preset } from "../rendering/presets";
import type { ToolName } from "../rendering/toolset";
import type { Focus } from "./focus";
import { ImageTexts } from "./ImageTexts";
import { SliceSlider } from "./SliceSlider";
import type { SeriesSummary } from "./series";
import { useFocusOverlay } from "./useFocusOverlay";
import { useStackView } from "./useStackView";
import { useWheel } from "./useWheel";
import { ViewerToolbar } from "./ViewerToolbar";
import { pressKey } from "./viewerKeys";

interface Props {
  studyUid: string;
  series: SeriesSummary;
  frames: readonly Frame[];
  focus: Focus | null;
}

export function ImageViewer({ studyUid, series, frames, focus }: Props) {
  const region = useRef<HTMLElement>(null);
  const canvas = useRef<HTMLDivElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const { view, state, goTo } = useStackView(canvas, frames);
  const [tool, setTool] = useState<ToolName>("Window/level");
  const [overlayOn, setOverlayOn] = useState(true);
  const { modality } = series;
  const overlay = useFocusOverlay({
    studyUid,
    svg,
    view,
    goTo,
    frames,
    index: state.index,
    focus,
    on: overlayOn,
  });
  useWheel(canvas, (by) => goTo(state.index + by));

  useEffect(() => view?.activate(tool), [view, tool]);
  useEffect(() => {
    // Ready for the keys, unless the reader is somewhere else already.
    if (document.activeElement === document.body) region.current?.focus({ preventScroll: true });
  }, []);

  useEffect(() => {
    // On a narrow screen the findings are below the image.
    if (focus) region.current?.scrollIntoView({ block: "nearest" });
  }, [focus]);

  const applyPreset = ({ window }: Preset) => view?.setWindow(window);
  const press = (event: KeyboardEvent) => {
    const field = event.target instanceof HTMLElement && event.target.matches("select, input[type=checkbox]");
    if (field || event.altKey || event.ctrlKey || event.metaKey) return;
    const place = { index: state.index, count: frames.length };
    if (pressKey(event.key, { view, place, modality, goTo, onPreset: applyPreset })) event.preventDefault();
  };
  const frame = frames[state.index];

  return (
    <section
      ref={region}
      aria-label="Image viewer"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys that scroll and window work here
      tabIndex={0}
      onKeyDown={press}
      className="flex min-w-0 flex-1 flex-col bg-black -outline-offset-2 max-lg:h-[72dvh] max-lg:flex-none"
    >
      <ViewerToolbar
        tool={tool}
        onTool={setTool}
        modality={modality}
        window={state.window}
        ownWindow={frame ? ownWindow(frame) : null}
        onPreset={applyPreset}
        onReset={() => view?.reset()}
        onInvert={() => view?.invert()}
        inverted={state.inverted}
        overlay={overlayOn}
        onOverlay={setOverlayOn}
      />
      <div className="relative flex min-h-0 flex-1">
        <div className="relative min-w-0 flex-1 overflow-hidden">
          {/* What cannot be shown must not look like the image before it. */}
          <div ref={canvas} className={`absolute inset-0 touch-none ${state.error ? "opacity-0" : ""}`} />
          <svg
            ref={svg}
            className={`pointer-events-none absolute inset-0 size-full ${state.error ? "hidden" : ""}`}
            aria-hidden="true"
          />
          {frame && <ImageTexts frame={frame} series={series} state={state} count={frames.length} />}
          {overlay.message && (
            <p
              className="absolute bottom-8 left-2 rounded bg-black/80 px-2 py-1 text-xs text-[#dcae54]"
              role="status"
            >
              {overlay.message}
            </p>
          )}
        </div>
        <SliceSlider index={state.index} count={frames.length} onChange={goTo} />
      </div>
    </section>
  );
}
