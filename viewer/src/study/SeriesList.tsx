import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { thumbnailQuery } from "./queries";
import { countText, hasImages, type SeriesSummary, seriesTitle } from "./series";

interface Props {
  studyUid: string;
  series: readonly SeriesSummary[];
  selected: string | undefined;
  onSelect: (uid: string) => void;
}

export function SeriesList({ studyUid, series, selected, onSelect }: Props) {
  return (
    <ul
      aria-label="Series"
      className="flex w-44 shrink-0 flex-col gap-1 overflow-y-auto border-r border-line bg-surface p-1.5 max-lg:w-full max-lg:flex-row max-lg:overflow-x-auto max-lg:border-r-0 max-lg:border-b"
    >
      {series.map((item) => (
        <li key={item.uid} className="max-lg:w-36 max-lg:shrink-0">
          <button
            type="button"
            aria-current={item.uid === selected}
            onClick={() => onSelect(item.uid)}
            className="flex w-full items-center gap-2 rounded border border-transparent p-1 text-left hover:bg-raised aria-[current=true]:border-accent aria-[current=true]:bg-selected"
          >
            <Thumbnail studyUid={studyUid} series={item} />
            <span className="min-w-0 text-xs">
              <span className="line-clamp-2 break-words">{seriesTitle(item)}</span>
              <span className="block text-muted">
                {item.modality} · {countText(item)}
              </span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

const FRAME =
  "grid size-14 shrink-0 place-items-center overflow-hidden rounded-sm bg-black text-xs text-[#95a3b0]";

function Thumbnail({ studyUid, series }: { studyUid: string; series: SeriesSummary }) {
  const picture = useQuery({
    ...thumbnailQuery(studyUid, series.uid, series.instances),
    enabled: hasImages(series),
  });
  const [broken, setBroken] = useState(false);
  return (
    <span className={FRAME}>
      {picture.data && !broken ? (
        <img
          src={picture.data}
          alt=""
          loading="lazy"
          className="max-h-full max-w-full"
          onError={() => setBroken(true)}
        />
      ) : (
        <span aria-hidden="true">{series.modality}</span>
      )}
    </span>
  );
}
