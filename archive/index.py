"""Rows of the index, made of headers: pure functions."""

import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeAlias

from archive import header_attributes as attributes
from archive.header import Header
from archive.matching import normalize_name, normalize_text
from archive.origin import Origin, OriginKind
from archive.spool import Spooled

Row: TypeAlias = dict[str, Any]

_STUDY_NAMES: Final = ("patient_name", "referring_physician_name")
_STUDY_TEXTS: Final = ("patient_id", "accession_number", "study_description")
_SERIES_NAMES: Final = ("performing_physician_name", "operators_name")
_SERIES_TEXTS: Final = ("series_description",)
_BIGGEST_INTEGER: Final = (1 << 31) - 1


class Outcome(StrEnum):
    """What became of an object."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    REPLACED = "replaced"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One object on its way into the index.

    Parameters
    ----------
    header
        What is known of it.
    origin
        Where it came from.
    blob_key
        Where it is.
    data_offset, size, content_hash
        The data set in the file.
    former_hash
        Its SHA-256, where it was needed to compare.
    received
        When it was received, in seconds since the epoch.
    """

    header: Header
    origin: Origin
    blob_key: str
    data_offset: int
    size: int
    content_hash: str
    former_hash: str = ""
    received: float = field(default_factory=time.time)

    @property
    def series_key(self) -> tuple[str, str, str]:
        """Tenant, Study Instance UID and Series Instance UID."""
        return self.origin.tenant, self.header.study_instance_uid, self.header.series_instance_uid

    @property
    def source(self) -> str:
        """AE title or account it came from."""
        return self.origin.ae_title or self.origin.principal or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be written of one object, made before anybody waits for it.

    Parameters
    ----------
    record
        The object.
    instance, arrival
        Its rows, but for the keys that only the database gives.
    """

    record: Record
    instance: Row
    arrival: Row


def entry_of(record: Record) -> Entry:
    """Return the rows of an object that is new."""
    return Entry(record=record, instance=instance_row(record), arrival=arrival_row(record, Outcome.STORED))


def record_of(spooled: Spooled, header: Header, origin: Origin, blob_key: str) -> Record:
    """Return the record of a received object."""
    return Record(
        header=header,
        origin=origin,
        blob_key=blob_key,
        data_offset=spooled.data_offset,
        size=spooled.size,
        content_hash=spooled.content_hash,
    )


def study_row(record: Record) -> Row:
    """Return the row of the object's study."""
    row: Row = _in_present_form(record.header.texts(attributes.STUDY))
    row |= _matches(row, _STUDY_NAMES, _STUDY_TEXTS)
    row |= {
        "tenant": record.origin.tenant,
        "study_instance_uid": record.header.study_instance_uid,
        "patient_key": _patient_key(row) or record.header.study_instance_uid,
        "created": record.received,
        "updated": record.received,
    }
    return row


def series_row(record: Record, study_id: int) -> Row:
    """Return the row of the object's series."""
    row: Row = _in_present_form(record.header.texts(attributes.SERIES))
    row |= _matches(row, _SERIES_NAMES, _SERIES_TEXTS)
    row |= {
        "tenant": record.origin.tenant,
        "study_id": study_id,
        "study_instance_uid": record.header.study_instance_uid,
        "series_instance_uid": record.header.series_instance_uid,
        "own_result": record.origin.kind is OriginKind.ANALYSIS,
        "created": record.received,
    }
    return row


def instance_row(record: Record) -> Row:
    """Return the row of the object itself, but for the key of its series."""
    header = record.header
    row: Row = header.texts(attributes.INSTANCE)
    row |= {name: _bounded(header.number(name)) for name in attributes.INSTANCE_NUMBERS}
    row |= {
        "tenant": record.origin.tenant,
        "study_instance_uid": header.study_instance_uid,
        "series_instance_uid": header.series_instance_uid,
        "sop_instance_uid": header.sop_instance_uid,
        "sop_class_uid": header.sop_class_uid,
        "transfer_syntax_uid": header.transfer_syntax_uid,
        "concept_name_code": header.concept_name_code,
        "blob_key": record.blob_key,
        "data_offset": record.data_offset,
        "size": record.size,
        "content_hash": record.content_hash,
        "source_ae_title": record.origin.ae_title or "",
        "origin": record.origin.kind.value,
        "hidden": False,
        "received": record.received,
    }
    return row


def arrival_row(record: Record, outcome: Outcome) -> Row:
    """Return the row that tells settling, events and audit of the object, but for the keys of series and instance."""
    return {
        "tenant": record.origin.tenant,
        "association_id": record.origin.association_id,
        "origin": record.origin.kind.value,
        "source": record.source,
        "address": record.origin.address or "",
        "outcome": outcome.value,
        "received": record.received,
    }


def quarantine_row(record: Record, reason: str) -> Row:
    """Return the row of an object that is kept aside."""
    return {
        "tenant": record.origin.tenant,
        "sop_instance_uid": record.header.sop_instance_uid,
        "blob_key": record.blob_key,
        "content_hash": record.content_hash,
        "size": record.size,
        "reason": reason,
        "source_ae_title": record.origin.ae_title or "",
        "received": record.received,
    }


def _in_present_form(texts: dict[str, str]) -> dict[str, str]:
    """Write dates and times of ACR-NEMA, 1993.08.22 and 10:30:15, without punctuation (PS3.5 Table 6.2-1, notes).

    Keys are compared with them, and answers give them as every client knows them.
    """
    for name, text in texts.items():
        if name.endswith("_date") and "." in text:
            texts[name] = text.replace(".", "")
        elif name.endswith("_time") and ":" in text:
            texts[name] = text.replace(":", "")
    return texts


def _matches(row: Row, names: tuple[str, ...], texts: tuple[str, ...]) -> Row:
    # Folding may lengthen a text; the indexes have a longest entry.
    matches = {f"{name}_match": normalize_name(row[name])[: attributes.SHORT_LENGTH] for name in names}
    return matches | {f"{name}_match": normalize_text(row[name])[: attributes.SHORT_LENGTH] for name in texts}


def _patient_key(row: Row) -> str:
    """Join Patient ID and issuer as HL7 does; only both together tell patients apart."""
    if not row["patient_id"]:
        return ""
    return f"{row['patient_id']}^^^{row['issuer_of_patient_id']}" if row["issuer_of_patient_id"] else row["patient_id"]


def _bounded(number: int | None) -> int | None:
    return number if number is None or 0 <= number <= _BIGGEST_INTEGER else None
