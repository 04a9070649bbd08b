"""C-STORE, PS3.7 Section 9.1.1 and PS3.4 Annex B: from the receive buffer to the spool, then into the archive."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Generic, Protocol, TypeVar

import structlog

from archive.errors import NodeError
from archive.origin import Origin
from archive.storage_classes import is_storage
from archive.uids import is_valid_uid
from routing.association import Association, Message
from routing.dimse import Element, has_data_set, text
from routing.pdu import ProtocolViolation
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

    def receive(self, spooled: S, origin: Origin, answer: Callable[[], object]) -> object:
        """Keep the object; calls `answer` as soon as it is durable and indexed."""

    def make_ready(self) -> None:
        """Prepare for the next object of this thread."""

    def let_go(self) -> None:
        """Give up what was prepared in vain."""


class _Ready(threading.local):
    """For whom a thread is prepared."""

    session: Session | None = None


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
        self._ready = _Ready()
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
            self._make_ready(session)

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
        self._intake.receive(spool.finish(), session.origin, partial(session.answer, message, Status.SUCCESS))

    def _make_ready(self, session: Session) -> None:
        """Say that more may come: the place of the next object is made meanwhile."""
        if self._ready.session is not session:
            self._ready.session = session
            session.at_end.callback(self._let_go)
        self._intake.make_ready()

    def _let_go(self) -> None:
        self._ready.session = None
        self._intake.let_go()

    def _fill(self, spool: Spool[object], association: Association) -> None:
        room = self._max_object_bytes
        for fragment in association.fragments():
            room -= len(fragment)
            if room < 0:
                raise ProtocolViolation("object is larger than this node takes")
            spool.write(fragment)
