"""Workitems as they are read: with the instances they are about and where to fetch these, and found by their keys."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from archive.attribute_lists import AttributeList, items, key, text, texts
from archive.matching import normalize_text
from archive.retrieve import instances
from archive.scheduling_matching import matches
from archive.scheduling_query import PAGE, Found
from archive.tables import workitem
from archive.workitem_endings import information
from archive.workitem_rows import find, shown
from archive.workitem_rules import INPUT, OUTPUT, PERFORMED, STATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where this node gives out instances.

    Parameters
    ----------
    ae_title
        For C-MOVE and C-GET.
    base_url
        Of the DICOMweb service; blank where it is not known.
    """

    ae_title: str = ""
    base_url: str = ""


def get(connection: Connection, tenant: str, sop_instance_uid: str, source: Source) -> dict[str, Any]:
    """Return all attributes of a workitem but the Transaction UID (PS3.4 Section CC.2.7.3); raises NotFound."""
    row = find(connection, tenant, sop_instance_uid)
    return _with_instances(connection, row, source) if row["job_id"] is not None else shown(row)


def page(
    connection: Connection,
    tenant: str,
    keys: AttributeList,
    *,
    after: int = 0,
    limit: int = PAGE,
    source: Source | None = None,
) -> Found:
    """Look at the next `limit` workitems, oldest first, and return those that match `keys`.

    The instances of a job's series are listed when `source` is given: there may be thousands.
    """
    statement = _candidates(tenant, keys).where(workitem.c.id > after)
    rows = connection.execute(statement.order_by(workitem.c.id).limit(limit)).mappings().all()
    matching = [row for row in rows if matches(keys, shown(row))]
    entries = [
        _with_instances(connection, row, source) if source and row["job_id"] is not None else shown(row)
        for row in matching
    ]
    return Found(entries=tuple(entries), position=rows[-1]["id"] if len(rows) == limit else None)


def _candidates(tenant: str, keys: AttributeList) -> Select[Any]:
    """Let the database leave out most of what cannot match; `matches` decides."""
    conditions = [workitem.c.tenant == tenant]
    for keyword, column in (("SOPInstanceUID", workitem.c.sop_instance_uid), (STATE, workitem.c.state)):
        wanted = texts(keys, keyword)
        if wanted and not any({"*", "?"} & set(value) for value in wanted):
            conditions.append(column.in_(wanted))
    patient_ids = texts(keys, "PatientID")
    if len(patient_ids) == 1 and not {"*", "?"} & set(patient_ids[0]):
        conditions.append(workitem.c.patient_id_match == normalize_text(patient_ids[0]))
    return select(workitem).where(*conditions)


def _with_instances(connection: Connection, row: Any, source: Source) -> dict[str, Any]:
    """List the instances of a job's series, and say where its input and output are fetched from."""
    attributes = shown(row)
    inputs = [_listed(connection, row["tenant"], item) for item in items(attributes, INPUT)]
    performed = [
        {**item, key(OUTPUT): [_fetched(output, source) for output in items(item, OUTPUT)]}
        for item in items(attributes, PERFORMED)
    ]
    return {
        **attributes,
        key(INPUT): [_fetched(item, source) for item in inputs],
        key(PERFORMED): performed,
    }


def _listed(connection: Connection, tenant: str, item: AttributeList) -> AttributeList:
    study_uid, series_uid = text(item, "StudyInstanceUID"), text(item, "SeriesInstanceUID")
    if items(item, "ReferencedSOPSequence") or not series_uid:
        return item
    stored = instances(connection, tenant, study_uids=[study_uid], series_uids=[series_uid])
    pairs = [(str(each.sop_class_uid), str(each.sop_instance_uid)) for each in stored]
    return {**item, **information(study_uid, series_uid, pairs)}


def _fetched(item: AttributeList, source: Source) -> dict[str, Any]:
    """Add the ways to fetch the instances of an item (PS3.3 Table 10-3b), where it names none."""
    ways: dict[str, Any] = {}
    if source.ae_title:
        ways[key("DICOMRetrievalSequence")] = [{key("RetrieveAETitle"): [source.ae_title]}]
    if source.base_url:
        url = f"{source.base_url}/studies/{text(item, 'StudyInstanceUID')}/series/{text(item, 'SeriesInstanceUID')}"
        ways[key("WADORSRetrievalSequence")] = [{key("RetrieveURL"): [url]}]
    return {**ways, **item}
