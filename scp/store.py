"""C-STORE, PS3.7 Section 9.1.1 and PS3.4 Annex B: from the receive buffer to the spool, then into the archive."""

from typing import Generic, Protocol, TypeVar

import structlog

from archive.errors import NodeError
from archive.origin import Origin
from archive.uids import is_valid_uid
from routing.association import Association, Message
from routing.dimse import Element, has_data_set, text
from routing.pdu import ProtocolViolation
from scp.contexts import is_storage
from scp.session import Session
from scp.statuses import Status, status_of

S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)

_log = structlog.get_logger()


class Spool(Protocol[S_co]):
    """A file that an object is written to as it arrives."""

    def write(self, view: memoryview | bytes) -> object:
        """Append bytes of the data set."""

    def finish(self) -> S_co:
        """Say that all bytes are there."""

    def discard(self) -> None:
        """Remove the file."""


class Intake(Protocol[S]):
    """The way into the archive."""

    def spool(self, *, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> Spool[S]:
        """Open a spool file for an object that is about to arrive."""

    def receive(self, spooled: S, origin: Origin) -> object:
        """Keep the object; returns when it is durable and indexed."""


class Store(Generic[S]):
    """The Storage service.

    Parameters
    ----------
    intake
        Where objects go.
    max_object_bytes
        A longer data set ends the association.
    """

    verb = "store"

    def __init__(self, intake: Intake[S], *, max_object_bytes: int) -> None:
        self._intake = intake
        self._max_object_bytes = max_object_bytes

    def serves(self, abstract_syntax: str) -> bool:
        """Serve all storage SOP classes."""
        return is_storage(abstract_syntax)

    def handle(self, session: Session, message: Message) -> None:
        """Store one object. A refused one is read to its end, and the association stays."""
        sop_instance_uid = text(message.command, Element.AFFECTED_SOP_INSTANCE_UID)
        if not has_data_set(message.command):
            session.answer(message, Status.CANNOT_UNDERSTAND, comment="No data set")
            return
        if not is_valid_uid(sop_instance_uid):
            session.association.discard(self._max_object_bytes)
            session.answer(message, Status.INVALID_INSTANCE, comment="SOP Instance UID is not valid")
            return
        try:
            self._keep(session, message, sop_instance_uid)
        except NodeError as error:
            status, comment = status_of(error)
            _log.warning("store_refused", status=f"{status:04X}", reason=comment, sop_instance_uid=sop_instance_uid)
            session.association.discard(self._max_object_bytes)
            session.answer(message, status, comment=comment)
        else:
            session.answer(message, Status.SUCCESS)

    def _keep(self, session: Session, message: Message, sop_instance_uid: str) -> None:
        spool = self._intake.spool(
            sop_class_uid=message.context.abstract_syntax,
            sop_instance_uid=sop_instance_uid,
            transfer_syntax_uid=message.context.transfer_syntax,
        )
        try:
            self._fill(spool, session.association)
        except BaseException:
            spool.discard()
            raise
        self._intake.receive(spool.finish(), session.origin)

    def _fill(self, spool: Spool[object], association: Association) -> None:
        room = self._max_object_bytes
        for fragment in association.fragments():
            room -= len(fragment)
            if room < 0:
                raise ProtocolViolation("object is larger than this node takes")
            spool.write(fragment)
