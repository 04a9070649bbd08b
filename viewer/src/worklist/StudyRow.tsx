import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { formatDate, numbers } from "../dicom/dates";
import { formatPersonName } from "../dicom/person-name";
import type { Study } from "./rows";
import { StudyStatus } from "./StudyStatus";

const CELL = "overflow-hidden px-3 max-sm:px-2 text-ellipsis whitespace-nowrap";

interface Props {
  study: Study;
  index: number;
  height: number;
}

export const StudyRow = memo(function StudyRow({ study, index, height }: Props) {
  return (
    <tr
      style={{ height }}
      aria-rowindex={index + 2}
      data-study={study.study_uid}
      className="border-b border-line/60 focus-within:bg-selected hover:bg-raised"
    >
      <td className={CELL}>
        <Link
          to="/studies/$studyUid"
          params={{ studyUid: study.study_uid }}
          // Whoever points at a study opens it soon: the image viewer is read meanwhile.
          preload="intent"
          data-row={index}
          className="font-medium text-text hover:text-accent hover:underline"
        >
          {formatPersonName(study.patient_name)}
        </Link>
        <span className="block overflow-hidden text-xs text-ellipsis text-muted sm:hidden" aria-hidden="true">
          {[study.patient_id, study.description].filter(Boolean).join(" · ")}
        </span>
      </td>
      <td className={`${CELL} max-sm:hidden`}>{study.patient_id}</td>
      <td className={CELL}>
        {formatDate(study.study_date)}
        <span className="block text-xs text-muted sm:hidden" aria-hidden="true">
          {study.modalities.join(" ")}
        </span>
      </td>
      <td className={`${CELL} max-sm:hidden`}>{study.modalities.join(" ")}</td>
      <td className={`${CELL} max-sm:hidden`}>{study.description}</td>
      <td className={`${CELL} text-right max-sm:hidden`}>{numbers.format(study.instances)}</td>
      <td className={CELL}>
        <StudyStatus status={study.status} percent={study.percent} />
      </td>
    </tr>
  );
});
