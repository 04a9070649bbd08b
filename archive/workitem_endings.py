"""What a workitem says at its end, where whoever ends it has not said it (PS3.4 Section CC.2.5.1.3)."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, select

from archive.attribute_lists import AttributeList, has_value, items, key
from archive.tables import result
from archive.times import dicom_moment
from archive.workitem_codes import UNSPECIFIED, analyzer_code, station_code
from archive.workitem_rules import OUTPUT, PERFORMED, PROGRESS

_LONGEST_REASON: Final = 1_024
_DISCONTINUATION: Final = "ProcedureStepDiscontinuationReasonCodeSequence"


def progress(attributes: AttributeList, **said: list[Any]) -> dict[str, Any]:
    """Return Procedure Step Progress Information with `said`, by keyword, in place of what it said of these."""
    known = next(iter(items(attributes, PROGRESS)), {})
    return {key(PROGRESS): [{**known, **{key(keyword): row for keyword, row in said.items()}}]}


def cancellation(attributes: AttributeList, reason: str, *, now: float) -> dict[str, Any]:
    """Return the progress of a workitem that is canceled: when and why, as far as that is not said already."""
    known = next(iter(items(attributes, PROGRESS)), {})
    said: dict[str, list[Any]] = {}
    if not has_value(known, "ProcedureStepCancellationDateTime"):
        said["ProcedureStepCancellationDateTime"] = [dicom_moment(now)]
    if reason and not has_value(known, "ReasonForCancellation"):
        said["ReasonForCancellation"] = [reason[:_LONGEST_REASON]]
    if not has_value(known, _DISCONTINUATION):
        said[_DISCONTINUATION] = [UNSPECIFIED]
    return progress(attributes, **said)


def performed_here(connection: Connection, job: RowMapping) -> dict[str, Any]:
    """Return what was performed by an analyzer of this node, with its results as output."""
    station = job["worker"] or "isocenter"
    item = {
        "PerformedStationNameCodeSequence": [station_code(station)],
        "PerformedProcedureStepStartDateTime": [dicom_moment(job["started"])],
        "PerformedProcedureStepDescription": [f"{job['analyzer']} {job['version']}"[:64]],
        "PerformedWorkitemCodeSequence": [analyzer_code(job["analyzer"])],
        "PerformedProcedureStepEndDateTime": [dicom_moment(job["finished"])],
        OUTPUT: _outputs(connection, job),
    }
    return {key(PERFORMED): [{key(keyword): row for keyword, row in item.items()}]}


def _outputs(connection: Connection, job: RowMapping) -> list[dict[str, Any]]:
    mine = (result.c.tenant == job["tenant"], result.c.job_id == job["id"])
    rows = connection.execute(select(result).where(*mine).order_by(result.c.id)).mappings().all()
    series = dict.fromkeys((row["study_uid"], row["series_uid"]) for row in rows)
    return [
        information(
            *uids,
            [
                (row["sop_class_uid"], row["sop_instance_uid"])
                for row in rows
                if (row["study_uid"], row["series_uid"]) == uids
            ],
        )
        for uids in series
    ]


def information(study_uid: str, series_uid: str, instances: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Make an item of Input or Output Information (PS3.3 Table 10-3b): pairs of SOP class and instance of a series."""
    references = [
        {key("ReferencedSOPClassUID"): [sop_class], key("ReferencedSOPInstanceUID"): [instance]}
        for sop_class, instance in instances
    ]
    return {
        key("TypeOfInstances"): ["DICOM"],
        key("StudyInstanceUID"): [study_uid],
        key("SeriesInstanceUID"): [series_uid],
        key("ReferencedSOPSequence"): references,
    }
