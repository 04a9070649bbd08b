"""Objects that come over an association of ours, for a C-GET: through the same door as all others (PS3.7 9.1.1)."""

from typing import Final

import structlog

from archive.errors import (
    DatabaseUnavailable,
    DuplicateRefused,
    NodeError,
    ObjectTooLarge,
    StorageFailed,
    StorageFull,
    UidMismatch,
)
from archive.ingest import Archive
from archive.origin import Origin
from archive.spool import SpoolFile
from routing import dimse
from routing.association import Association, Message
from routing.dimse import Element

_log = structlog.get_logger()
_CANNOT_UNDERSTAND: Final = 0xC000
# PS3.4 Table B.2-1.
_STATUSES: Final = (
    (UidMismatch, 0xA900),
    (DuplicateRefused, 0x0111),
    (ObjectTooLarge, 0xA700),
    (StorageFull, 0xA700),
    (StorageFailed, 0xA700),
    (DatabaseUnavailable, 0xA700),
)


class ArchiveReceiver:
    """Keeps objects in the archive.

    Parameters
    ----------
    archive
        The way in.
    origin
        Where they are from.
    """

    def __init__(self, archive: Archive, origin: Origin) -> None:
        self._archive = archive
        self._origin = origin
        self.refusal = ""

    def store(self, association: Association, message: Message) -> None:
        """Read one object, keep it, and answer; a refused one is read to its end, and the next may come."""
        sop_instance_uid = dimse.text(message.command, Element.AFFECTED_SOP_INSTANCE_UID)
        status = 0
        try:
            self._keep(association, message, sop_instance_uid)
        except NodeError as error:
            status = next((value for kind, value in _STATUSES if isinstance(error, kind)), _CANNOT_UNDERSTAND)
            self.refusal = self.refusal or str(error)
            _log.warning("retrieved_refused", status=f"{status:04X}", sop_instance_uid=sop_instance_uid)
            association.discard()
        association.send(message.context.context_id, dimse.response(message.command, status))

    def _keep(self, association: Association, message: Message, sop_instance_uid: str) -> None:
        spool: SpoolFile = self._archive.spool(
            sop_class_uid=message.context.abstract_syntax,
            sop_instance_uid=sop_instance_uid,
            transfer_syntax_uid=message.context.transfer_syntax,
        )
        try:
            for fragment in association.fragments():
                spool.write(fragment)
        except BaseException:
            spool.discard()
            raise
        self._archive.receive(spool.finish(), self._origin)
