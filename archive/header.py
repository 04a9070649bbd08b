"""The header: what the node knows of an object, read once, before it is kept.

Here values of the outside world become typed ones; nowhere else.
"""

import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from archive import header_attributes as attributes
from archive.charsets import codec_of, decode
from archive.elements import Steps, Walk
from archive.encodings import Encoding, encoding_of, is_deflated
from archive.errors import NotParsable, UidMismatch
from archive.limits import Limits
from archive.non_patient_classes import is_non_patient
from archive.runs import Runs
from archive.sources import FileSource, InflatingSource, Source
from archive.uids import (
    SeriesInstanceUID,
    SOPClassUID,
    SOPInstanceUID,
    StudyInstanceUID,
    TransferSyntaxUID,
    is_valid_uid,
)

_DEFAULT_LIMITS: Final = Limits()
_INTEGER: Final = re.compile(r"\s*([+-]?\d{1,12})\s*(?:$|\\)")
_US_BYTES: Final = 2
_MOST_LEARNT: Final = 64
# With its padding; what is longer is not remembered.
_LONGEST_UID_BYTES: Final = 66
# What all walks of this process have learnt, for each encoding.
_KNOWN_STEPS: Final[dict[int, tuple[Encoding, Steps]]] = {}


class _Learnt(threading.local):
    """What the walks of each thread have met: one association mostly sends images of one series."""

    def __init__(self) -> None:
        self.runs: dict[str, tuple[Limits, Runs]] = {}

    def of(self, transfer_syntax_uid: str, limits: Limits) -> Runs:
        known = self.runs.get(transfer_syntax_uid)
        if known is None or known[0] is not limits:
            if len(self.runs) >= _MOST_LEARNT:
                self.runs.clear()
            known = self.runs[transfer_syntax_uid] = limits, Runs()
        return known[1]


_LEARNT: Final = _Learnt()


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What was read from one data set.

    Text is decoded when it is asked for: of most objects only few attributes are new to the index.

    Parameters
    ----------
    sop_class_uid, sop_instance_uid, study_instance_uid, series_instance_uid
        The object's identity, valid UIDs; study and series are blank of what belongs to no patient.
    transfer_syntax_uid
        How the object is stored.
    values
        Values as sent, by the keys of `archive.header_attributes`.
    codec
        Python's name for the first character set.
    big_endian
        Byte order of binary numbers.
    """

    sop_class_uid: SOPClassUID
    sop_instance_uid: SOPInstanceUID
    study_instance_uid: StudyInstanceUID
    series_instance_uid: SeriesInstanceUID
    transfer_syntax_uid: TransferSyntaxUID
    values: Mapping[int, bytes]
    codec: str
    big_endian: bool

    def text(self, name: str) -> str:
        """Return an attribute by its column's name, without padding; empty when it is absent.

        Several values stay separated by backslashes; values of unreasonable length are cut.
        """
        value = self.values.get(attributes.TAGS[name])
        return decode(value, self.codec)[: attributes.LONGEST[name]] if value else ""

    def texts(self, tags: Mapping[str, int]) -> dict[str, str]:
        """Return the `text` of several attributes, given with their tags; most objects have few of them."""
        texts = dict.fromkeys(tags, "")
        for name, tag in tags.items():
            if value := self.values.get(tag):
                texts[name] = decode(value, self.codec)[: attributes.LONGEST[name]]
        return texts

    def number(self, name: str) -> int | None:
        """Return a whole number by its column's name; None when it is absent or not a number."""
        value = self.values.get(attributes.TAGS[name])
        if not value:
            return None
        if name in attributes.BINARY_NUMBERS:
            return int.from_bytes(value[:_US_BYTES], "big" if self.big_endian else "little")
        found = _INTEGER.match(decode(value, self.codec))
        return int(found[1]) if found else None

    @property
    def modality(self) -> str:
        """Modality (0008,0060)."""
        return self.text("modality")

    @property
    def image_type(self) -> tuple[str, ...]:
        """Image Type (0008,0008), value by value."""
        return tuple(value.strip() for value in self.text("image_type").split("\\"))

    @property
    def body_part_examined(self) -> str:
        """Body Part Examined (0018,0015)."""
        return self.text("body_part_examined")

    @property
    def series_description(self) -> str:
        """Series Description (0008,103E)."""
        return self.text("series_description")

    @property
    def concept_name_code(self) -> str:
        """Title of a document as `value^scheme^meaning`; empty for what is none."""
        values = [self.values.get(key, b"") for key in attributes.CONCEPT_NAME]
        return "^".join(decode(value, self.codec) for value in values)[: attributes.SHORT_LENGTH] if any(values) else ""


def read_header(
    file: Path | int,
    transfer_syntax_uid: str,
    data_offset: int,
    limits: Limits = _DEFAULT_LIMITS,
) -> Header:
    """Read the header of a data set and check that all of it is well-formed.

    Parameters
    ----------
    file
        Path or open descriptor of a file.
    transfer_syntax_uid
        How the data set is encoded.
    data_offset
        Where the data set begins; it reaches to the file's end.
    limits
        What to put up with.

    Raises
    ------
    NotParsable
        The data set is not well-formed, or has no usable SOP Instance UID.
    LimitExceeded
        It exceeds a limit.
    ObjectTooLarge
        It is deflated, and too large when inflated.
    UidMismatch
        It lacks its SOP Class, Study Instance or Series Instance UID.
    """
    if not isinstance(file, int):
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return read_header(descriptor, transfer_syntax_uid, data_offset, limits)
        finally:
            os.close(descriptor)
    return header_of(FileSource(file, data_offset), transfer_syntax_uid, limits)


def header_of(source: Source, transfer_syntax_uid: str, limits: Limits = _DEFAULT_LIMITS) -> Header:
    """Read the header of the data set in `source`; like `read_header` in all else."""
    if is_deflated(transfer_syntax_uid):
        source = InflatingSource(source, limits.inflated_bytes)
    encoding = encoding_of(transfer_syntax_uid)
    runs = _LEARNT.of(transfer_syntax_uid, limits)
    values = Walk(source, encoding, attributes.WANTED, limits, _steps_of(encoding), runs).run()
    sop_instance_uid = _required_uid(values, attributes.SOP_INSTANCE_UID)
    sop_class_uid = _matching_uid(values, attributes.SOP_CLASS_UID)
    parents = (attributes.STUDY_INSTANCE_UID, attributes.SERIES_INSTANCE_UID)
    study, series = ("", "") if is_non_patient(sop_class_uid) else (_matching_uid(values, tag) for tag in parents)
    return Header(
        sop_instance_uid=SOPInstanceUID(sop_instance_uid),
        sop_class_uid=SOPClassUID(sop_class_uid),
        study_instance_uid=StudyInstanceUID(study),
        series_instance_uid=SeriesInstanceUID(series),
        transfer_syntax_uid=TransferSyntaxUID(str(transfer_syntax_uid)),
        values=values,
        codec=codec_of(values.get(attributes.SPECIFIC_CHARACTER_SET, b"")),
        big_endian=encoding.big_endian,
    )


def _steps_of(encoding: Encoding) -> Steps:
    # By identity: there are three encodings, and to hash one takes longer than to read an element.
    return _KNOWN_STEPS.setdefault(id(encoding), (encoding, {}))[1]


def _required_uid(values: Mapping[int, bytes], tag: int) -> str:
    uid = _uid(values, tag)
    if not uid:
        raise NotParsable("It has no SOP Instance UID.")
    return uid


def _matching_uid(values: Mapping[int, bytes], tag: int) -> str:
    # 0xA900, not 0xA700: repeating the same object would not help (PS3.4 Table B.2-1).
    uid = _uid(values, tag)
    if not uid:
        raise UidMismatch("It lacks its SOP Class, Study Instance or Series Instance UID.")
    return uid


def _uid(values: Mapping[int, bytes], tag: int) -> str:
    """Return a UID without padding, empty when it is absent (PS3.5 Section 9.1: padded with one NUL)."""
    value = values.get(tag, b"")
    return _uid_of(value) if len(value) <= _LONGEST_UID_BYTES else _uid_of.__wrapped__(value)


@lru_cache(maxsize=1024)
def _uid_of(value: bytes) -> str:
    # Spaces are wrong padding, but common.
    uid = value.rstrip(b"\0 ").decode("latin_1")
    if uid and not is_valid_uid(uid):
        raise NotParsable("One of its UIDs is not valid.")
    return uid
