"""Objects that belong to no patient: kept like all others, file first and then row, in a table of their own."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from archive import audit, obsolete
from archive.attribute_lists import AttributeList, texts
from archive.blobs import FileBlobs
from archive.commit import Committed, Duplicates
from archive.content_hash import FormerHashWanted, former_hash, is_same_content
from archive.database import Database
from archive.errors import DatabaseUnavailable, DuplicateRefused, NotFound
from archive.index import Outcome, Record, quarantine_row
from archive.inserting import insert_missing
from archive.non_patient_attributes import read_attributes
from archive.non_patient_classes import Kind, is_well_known, kind_of
from archive.retrieve import StoredInstance
from archive.scheduling_matching import matches
from archive.scheduling_query import PAGE, Found
from archive.tables import non_patient_instance, quarantine
from archive.uids import SeriesInstanceUID, SOPClassUID, SOPInstanceUID, StudyInstanceUID, TransferSyntaxUID

_TABLE = non_patient_instance


class NonPatientCommit:
    """Writes one object to its table, as `archive.commit` writes those of patients to the index.

    Parameters
    ----------
    database, blobs
        Where index and files are kept.
    duplicates
        Policy for a SOP Instance UID that is there with other bytes.
    """

    def __init__(self, database: Database, blobs: FileBlobs, duplicates: Duplicates) -> None:
        self._database = database
        self._blobs = blobs
        self._duplicates = duplicates

    def commit(self, record: Record) -> Committed:
        """Write the row of a blob that has its name; returns when both are durable.

        Raises
        ------
        NotParsable
            The data set cannot be understood.
        DuplicateRefused
            Other bytes are there under its SOP Instance UID, or the standard itself defines it.
        DatabaseUnavailable, StorageFull, StorageFailed
            Storage or database did not take it.
        """
        header = record.header
        if is_well_known(header.sop_instance_uid):
            raise DuplicateRefused("The standard defines this object.")
        path = self._blobs.path(record.blob_key)
        keys = kind_of(header.sop_class_uid).keys
        attributes = read_attributes(path, record.data_offset, header.transfer_syntax_uid, keys)
        self._blobs.sync_names([record.blob_key])
        try:
            return self._database.write(_write, record, attributes, self._duplicates, self._blobs.is_there)
        except FormerHashWanted:
            former = former_hash(path, record.data_offset)
            return self.commit(replace(record, former_hash=former))
        except DBAPIError as error:
            raise DatabaseUnavailable("The index refused the object.") from error


def find(connection: Connection, tenant: str, kind: Kind, sop_instance_uid: str) -> StoredInstance:
    """Find an object of a kind.

    Raises
    ------
    NotFound
        There is none.
    """
    row = connection.execute(_of_kind(tenant, kind).where(_TABLE.c.sop_instance_uid == sop_instance_uid)).one_or_none()
    if row is None:
        raise NotFound
    return stored(
        sop_class_uid=row.sop_class_uid,
        sop_instance_uid=row.sop_instance_uid,
        transfer_syntax_uid=row.transfer_syntax_uid,
        key=row.blob_key,
        data_offset=row.data_offset,
        size=row.size,
        content_hash=row.content_hash,
    )


def stored(
    *,
    sop_class_uid: str,
    sop_instance_uid: str,
    transfer_syntax_uid: str,
    key: str,
    data_offset: int,
    size: int,
    content_hash: str,
) -> StoredInstance:
    """Describe an object as those of patients are described, without patient, study and series."""
    return StoredInstance(
        patient_id="",
        study_instance_uid=StudyInstanceUID(""),
        series_instance_uid=SeriesInstanceUID(""),
        sop_instance_uid=SOPInstanceUID(sop_instance_uid),
        sop_class_uid=SOPClassUID(sop_class_uid),
        transfer_syntax_uid=TransferSyntaxUID(transfer_syntax_uid),
        modality="",
        instance_number=None,
        key=key,
        data_offset=data_offset,
        size=size,
        content_hash=content_hash,
        number_of_frames=None,
        rows=None,
        columns=None,
        hidden=False,
    )


def page(
    connection: Connection, tenant: str, kind: Kind, keys: AttributeList, *, after: int = 0, limit: int = PAGE
) -> Found:
    """Look at the next `limit` objects of a kind, oldest first, and return those that match `keys`."""
    statement = _of_kind(tenant, kind).where(_TABLE.c.id > after)
    wanted = texts(keys, "SOPInstanceUID")
    if wanted and not any({"*", "?"} & set(uid) for uid in wanted):
        statement = statement.where(_TABLE.c.sop_instance_uid.in_(wanted))
    rows = connection.execute(statement.order_by(_TABLE.c.id).limit(limit)).all()
    entries = tuple(row.attributes for row in rows if matches(keys, row.attributes))
    return Found(entries=entries, position=rows[-1].id if len(rows) == limit else None)


def remove(
    connection: Connection, tenant: str, kind: Kind, sop_instance_uid: str, *, principal: str, now: float
) -> None:
    """Delete an object; its file is noted in `archive.obsolete`, to be removed after the transaction.

    Raises
    ------
    NotFound
        There is none.
    """
    found = find(connection, tenant, kind, sop_instance_uid)
    obsolete.mark(connection, tenant, [found.key], now=now)
    connection.execute(delete(_TABLE).where(_TABLE.c.tenant == tenant, _TABLE.c.sop_instance_uid == sop_instance_uid))
    detail = {"instances": 1, "kind": kind.name, "sop_instance_uid": sop_instance_uid}
    audit.append(connection, tenant, audit.Action.INSTANCES_DELETED, principal=principal, now=now, detail=detail)


def _of_kind(tenant: str, kind: Kind) -> Select[Any]:
    return select(_TABLE).where(_TABLE.c.tenant == tenant, _TABLE.c.sop_class_uid.in_(sorted(kind.sop_classes)))


def _write(
    connection: Connection,
    record: Record,
    attributes: AttributeList,
    duplicates: Duplicates,
    is_there: Callable[[str], bool],
) -> Committed:
    row = _row(record, attributes)
    if insert_missing(connection, _TABLE, [row]):
        _record(connection, record, audit.Action.INSTANCES_STORED)
        return Committed(outcome=Outcome.STORED)
    which = (_TABLE.c.tenant == row["tenant"], _TABLE.c.sop_instance_uid == row["sop_instance_uid"])
    existing = connection.execute(select(_TABLE).where(*which).with_for_update()).one_or_none()
    if existing is None:
        raise DatabaseUnavailable("The object was deleted while it was received.")
    if existing.blob_key == record.blob_key:
        # The connection broke after a commit that had succeeded, and the transaction was repeated.
        return Committed(outcome=Outcome.STORED)
    same = is_same_content(existing.content_hash, record.content_hash, record.former_hash)
    if same and is_there(existing.blob_key):
        return Committed(outcome=Outcome.DUPLICATE, obsolete_key=record.blob_key)
    if not same and duplicates is Duplicates.KEEP_FIRST:
        raise DuplicateRefused
    if not same and duplicates is Duplicates.KEEP_BOTH:
        connection.execute(insert(quarantine), quarantine_row(record, "same SOP Instance UID, other content"))
        return Committed(outcome=Outcome.QUARANTINED)
    obsolete.mark(connection, record.origin.tenant, [existing.blob_key], now=record.received)
    connection.execute(update(_TABLE).where(_TABLE.c.id == existing.id).values(row))
    _record(connection, record, audit.Action.INSTANCE_REPLACED)
    return Committed(outcome=Outcome.REPLACED, obsolete_key=existing.blob_key)


def _row(record: Record, attributes: AttributeList) -> dict[str, Any]:
    return {
        "tenant": record.origin.tenant,
        "sop_class_uid": record.header.sop_class_uid,
        "sop_instance_uid": record.header.sop_instance_uid,
        "transfer_syntax_uid": record.header.transfer_syntax_uid,
        "attributes": attributes,
        "blob_key": record.blob_key,
        "data_offset": record.data_offset,
        "size": record.size,
        "content_hash": record.content_hash,
        "source": record.source,
        "received": record.received,
    }


def _record(connection: Connection, record: Record, action: audit.Action) -> None:
    kind = kind_of(record.header.sop_class_uid)
    detail = {"instances": 1, "kind": kind.name, "sop_instance_uid": record.header.sop_instance_uid}
    audit.append(
        connection,
        record.origin.tenant,
        action,
        principal=record.source,
        now=record.received,
        address=record.origin.address or "",
        detail=detail,
    )
