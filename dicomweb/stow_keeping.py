"""What becomes of the objects of a STOW-RS request, and why (PS3.18 Section 10.5.3 and Annex I.2)."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import structlog

from archive.errors import (
    DatabaseUnavailable,
    DuplicateRefused,
    NodeError,
    NotParsable,
    ObjectTooLarge,
    SopClassNotSupported,
    StorageFailed,
    StorageFull,
    TransferSyntaxNotSupported,
    UidMismatch,
)
from archive.header import read_header
from archive.ingest import Archive
from archive.non_patient_classes import is_non_patient
from archive.origin import Origin
from archive.spool import Spooled
from archive.storage_classes import is_storage, is_storage_syntax

_log = structlog.get_logger()


class BulkDataMissing(NotParsable):
    """The metadata names bulk data that is not in the request; nothing is fetched from elsewhere."""


class BulkDataAmbiguous(NotParsable):
    """Two parts have one Content-Location, or two attributes name one part."""


class BulkDataUnnamed(NotParsable):
    """No metadata names this part."""


# Failure Reason (0008,1197), PS3.18 Table I.2-2 and PS3.4 Table B.2-1; looked up along the class hierarchy.
_REASONS: Final[dict[type[NodeError], int]] = {
    NodeError: 0x0110,
    DuplicateRefused: 0x0111,
    SopClassNotSupported: 0x0122,
    ObjectTooLarge: 0xA700,
    StorageFull: 0xA700,
    StorageFailed: 0xA700,
    DatabaseUnavailable: 0xA700,
    UidMismatch: 0xA900,
    NotParsable: 0xC000,
    BulkDataMissing: 0xC001,
    BulkDataAmbiguous: 0xC002,
    BulkDataUnnamed: 0xC003,
    TransferSyntaxNotSupported: 0xC122,
}
# Nothing is wrong with the object: it may be sent again as it is (RFC 4918 Section 11.5, RFC 9110 Section 15.6.4).
_LATER: Final[dict[type[NodeError], HTTPStatus]] = {
    NodeError: HTTPStatus.CONFLICT,
    StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    StorageFailed: HTTPStatus.SERVICE_UNAVAILABLE,
    DatabaseUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
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
    """An object that is not kept, its UIDs as far as they are known; and the status that it alone would have."""

    reason: int
    status: HTTPStatus = HTTPStatus.CONFLICT
    sop_class_uid: str = ""
    sop_instance_uid: str = ""

    @property
    def is_named(self) -> bool:
        """True when the answer can say which object it is."""
        return bool(self.sop_class_uid and self.sop_instance_uid)


class Keeping:
    """Keeps the objects of one request and remembers what became of each.

    Parameters
    ----------
    archive
        Where they go.
    origin
        Who sends them.
    study_uid
        The study that all of them must belong to; none for any.
    """

    def __init__(self, archive: Archive, origin: Origin, study_uid: str | None) -> None:
        self.stored: list[StoredObject] = []
        self.failed: list[FailedObject] = []
        self.archive = archive
        self._origin = origin
        self._study_uid = study_uid

    def keep(self, spooled: Spooled) -> None:
        """Keep an object that is complete, or note why not."""
        try:
            self._check(spooled)
            header = self.archive.receive(spooled, self._origin).header
        except NodeError as error:
            self.fail(error, spooled.sop_class_uid, spooled.sop_instance_uid)
        else:
            self.stored.append(
                StoredObject(
                    sop_class_uid=header.sop_class_uid,
                    sop_instance_uid=header.sop_instance_uid,
                    study_instance_uid=header.study_instance_uid,
                    series_instance_uid=header.series_instance_uid,
                )
            )

    def fail(self, error: NodeError, sop_class_uid: str = "", sop_instance_uid: str = "") -> None:
        """Note why an object is not kept."""
        kinds = type(error).__mro__
        reason = next(_REASONS[kind] for kind in kinds if kind in _REASONS)
        status = next(_LATER[kind] for kind in kinds if kind in _LATER)
        # The messages of errors never say what is in an object.
        _log.info("stow_object_refused", reason=f"{reason:04X}", error=type(error).__name__, detail=str(error))
        uids = {"sop_class_uid": sop_class_uid, "sop_instance_uid": sop_instance_uid}
        self.failed.append(FailedObject(reason=reason, status=status, **uids))

    def _check(self, spooled: Spooled) -> None:
        try:
            require_supported(spooled.sop_class_uid, spooled.transfer_syntax_uid)
            self._require_study(spooled)
        except BaseException:
            spooled.discard()
            raise

    def _require_study(self, spooled: Spooled) -> None:
        if is_non_patient(spooled.sop_class_uid):
            raise SopClassNotSupported("It belongs to no study, and has a resource of its own.")
        if self._study_uid is None:
            return
        header = read_header(spooled.descriptor, spooled.transfer_syntax_uid, spooled.data_offset, self.archive.limits)
        if header.study_instance_uid != self._study_uid:
            raise UidMismatch


def require_supported(sop_class_uid: str, transfer_syntax_uid: str) -> None:
    """Refuse what a C-STORE context would not be accepted for.

    Raises
    ------
    SopClassNotSupported, TransferSyntaxNotSupported
        Such objects are not stored.
    """
    if not is_storage(sop_class_uid):
        raise SopClassNotSupported
    if not is_storage_syntax(transfer_syntax_uid):
        raise TransferSyntaxNotSupported
