"""Storing the objects of a STOW-RS request, and what became of each (PS3.18 Section 10.5.3)."""

from dataclasses import dataclass
from typing import Final

import structlog

from archive.errors import (
    DatabaseUnavailable,
    DuplicateRefused,
    NodeError,
    NotParsable,
    ObjectTooLarge,
    StorageFailed,
    StorageFull,
    UidMismatch,
)
from archive.header import read_header
from archive.ingest import Archive
from archive.origin import Origin
from archive.part10 import Part10Spool
from archive.spool import Spooled
from dicomweb.stow_parts import DICOM

_log = structlog.get_logger()

PROCESSING_FAILURE: Final = 0x0110
# Failure Reason (0008,1197), PS3.18 Table 10.5.3-2 and PS3.4 Table B.2-1; looked up along the class hierarchy.
_REASONS: Final[dict[type[NodeError], int]] = {
    NodeError: PROCESSING_FAILURE,
    DuplicateRefused: 0x0111,
    ObjectTooLarge: 0xA700,
    StorageFull: 0xA700,
    StorageFailed: 0xA700,
    DatabaseUnavailable: 0xA700,
    UidMismatch: 0xA900,
    NotParsable: 0xC000,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object that is kept."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedObject:
    """An object that is not kept, its UIDs as far as they are known."""

    reason: int
    sop_class_uid: str = ""
    sop_instance_uid: str = ""


class Storing:
    """Takes the objects of one request; it works in one thread at a time.

    Parameters
    ----------
    archive
        Keeps them.
    origin
        Who sends them.
    study_uid
        The study that all of them must belong to; none for any.
    """

    def __init__(self, archive: Archive, origin: Origin, study_uid: str | None) -> None:
        self.stored: list[StoredObject] = []
        self.failed: list[FailedObject] = []
        self._archive = archive
        self._origin = origin
        self._study_uid = study_uid
        self._spool: Part10Spool | None = None

    def begin(self, content_type: str) -> None:
        """Start an object; one that is no DICOM file fails, whatever it holds."""
        self._spool = Part10Spool(self._archive) if content_type == DICOM else None
        if self._spool is None:
            self._fail(NotParsable())

    def write(self, data: bytes) -> None:
        """Take the object's next bytes."""
        if self._spool is not None:
            try:
                self._spool.write(data)
            except NodeError as error:
                self.discard()
                self._fail(error)

    def end(self) -> None:
        """Keep the object that is complete now."""
        spool, self._spool = self._spool, None
        if spool is None:
            return
        spooled: Spooled | None = None
        try:
            spooled = spool.finish()
            self._require_study(spooled)
            header = self._archive.receive(spooled, self._origin).header
        except NodeError as error:
            self._fail(error, spooled)
        else:
            self.stored.append(
                StoredObject(
                    sop_class_uid=header.sop_class_uid,
                    sop_instance_uid=header.sop_instance_uid,
                    study_instance_uid=header.study_instance_uid,
                    series_instance_uid=header.series_instance_uid,
                )
            )

    def discard(self) -> None:
        """Give up the object that is not complete."""
        spool, self._spool = self._spool, None
        if spool is not None:
            spool.discard()

    def _require_study(self, spooled: Spooled) -> None:
        if self._study_uid is None:
            return
        try:
            header = read_header(
                spooled.descriptor, spooled.transfer_syntax_uid, spooled.data_offset, self._archive.limits
            )
        except BaseException:
            spooled.discard()
            raise
        if header.study_instance_uid != self._study_uid:
            spooled.discard()
            raise UidMismatch

    def _fail(self, error: NodeError, spooled: Spooled | None = None) -> None:
        reason = next(_REASONS[kind] for kind in type(error).__mro__ if kind in _REASONS)
        _log.info("stow_object_refused", reason=f"{reason:04X}", error=type(error).__name__)
        self.failed.append(
            FailedObject(
                reason=reason,
                sop_class_uid=spooled.sop_class_uid if spooled else "",
                sop_instance_uid=spooled.sop_instance_uid if spooled else "",
            )
        )
