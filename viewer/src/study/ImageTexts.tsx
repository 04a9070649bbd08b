import { directionLetters, type Point3 } from "../dicom/geometry";
import { number } from "../dicom/json";
import { TAG } from "../dicom/tags";
import type { Frame } from "../rendering/frames";
import type { StackState } from "../rendering/stack-view";
import { type SeriesSummary, seriesTitle } from "./series";

interface Props {
  frame: Frame;
  series: SeriesSummary;
  state: StackState;
  count: number;
}

const NUMBER = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1, useGrouping: false });
const CORNER = "pointer-events-none absolute rounded-sm bg-black/50 px-1 text-xs text-[#d3dbe2]";

/** What stands at the edges of an image. */
export function ImageTexts({ frame, series, state, count }: Props) {
  const { window, error, shown, index } = state;
  const size = [number(frame.metadata, TAG.columns), number(frame.metadata, TAG.rows)].join(" × ");
  return (
    <>
      <p className={`${CORNER} top-1.5 left-1.5 max-w-[45%]`}>{seriesTitle(series)}</p>
      <p className={`${CORNER} top-1.5 right-1.5 text-right`}>
        Image {index + 1} / {count}
      </p>
      <p className={`${CORNER} bottom-1.5 left-1.5`}>
        {window ? `W ${NUMBER.format(window.width)} L ${NUMBER.format(window.center)}` : "W – L –"}
        {state.inverted && " inverted"}
      </p>
      <p className={`${CORNER} right-1.5 bottom-1.5 text-right`}>
        {size}
        {frame.plane && ` · ${NUMBER.format(frame.thicknessMm)} mm`}
      </p>
      {frame.plane && <Directions row={frame.plane.row} column={frame.plane.column} />}
      {!shown && !error && (
        <p className={`${CORNER} top-1/2 left-1/2 -translate-x-1/2`} aria-live="polite">
          Loading image…
        </p>
      )}
      {error && (
        <p role="alert" className="absolute inset-x-4 top-1/2 text-center text-sm text-[#ee8379]">
          This image cannot be shown. {error}
        </p>
      )}
    </>
  );
}

const negative = ([x, y, z]: Point3): Point3 => [-x, -y, -z];

/** Where left, right, top and bottom of the picture are in the patient. */
function Directions({ row, column }: { row: Point3; column: Point3 }) {
  const sides = [
    { side: "left", letters: directionLetters(negative(row)), place: "left-1.5 top-[45%]" },
    { side: "right", letters: directionLetters(row), place: "right-1.5 top-[45%]" },
    { side: "top", letters: directionLetters(negative(column)), place: "left-1/2 top-1.5" },
    { side: "bottom", letters: directionLetters(column), place: "left-1/2 bottom-1.5" },
  ];
  return sides.map(({ side, letters, place }) => (
    <span key={side} className={`${CORNER} ${place}`} aria-hidden="true">
      {letters}
    </span>
  ));
}
