"""C-MOVE, PS3.4 Section C.4.2: sends what was asked for to a configured AE, over associations of our own."""

from collections.abc import Sequence
from time import monotonic
from typing import Final, Protocol

import structlog

from archive.database import Database
from archive.errors import NodeError
from archive.retrieve import StoredInstance
from routing.association import Message
from routing.background import BackgroundDelivery
from routing.delivery import Delivery
from routing.dimse import Element, number, text
from routing.peers import Peer
from routing.sender import Blobs, Originator, Outcome
from scp.contexts import MOVE_CLASSES
from scp.retrieval import SubOperations, pick, record_begin, refusal_of
from scp.session import Session
from scp.statuses import Status

_log = structlog.get_logger()
# How long nobody looks whether the requestor has canceled.
_DEAF_SECONDS: Final = 0.1
# Objects that follow each other faster than this share a pending response: it wakes two processes.
_PACE_SECONDS: Final = 0.005
# A destination that takes long for an object must not look like a node that does nothing.
_SIGN_OF_LIFE_SECONDS: Final = 5.0
# How long a cancel waits for the object that is under way.
_LAST_OBJECT_SECONDS: Final = 0.5


class Destinations(Protocol):
    """Knows the remote AEs."""

    def find(self, tenant: str, ae_title: str) -> Peer | None:
        """Find a configured AE by its title."""


class Move:
    """The C-MOVE service.

    Parameters
    ----------
    database
        The index.
    blobs
        The files.
    destinations
        Where objects may be sent.
    """

    verb = "move"

    def __init__(self, database: Database, blobs: Blobs, destinations: Destinations) -> None:
        self._database = database
        self._blobs = blobs
        self._destinations = destinations

    def serves(self, abstract_syntax: str) -> bool:
        """Serve Patient Root and Study Root MOVE."""
        return abstract_syntax in MOVE_CLASSES

    def handle(self, session: Session, message: Message) -> None:
        """Carry out one request, with pending responses meanwhile."""
        try:
            instances = pick(self._database, session, message)
            peer = self._destinations.find(session.caller.tenant, text(message.command, Element.MOVE_DESTINATION))
            if peer is not None:
                record_begin(self._database, session, instances, peer.name)
        except NodeError as error:
            status, comment = refusal_of(error)
            session.answer(message, status, comment=comment)
            return
        if peer is None:
            session.answer(message, Status.MOVE_DESTINATION_UNKNOWN, comment="Move destination is not configured")
        else:
            self._move(session, message, instances, peer)

    def _move(self, session: Session, message: Message, instances: list[StoredInstance], peer: Peer) -> None:
        delivery = Delivery(
            peer,
            instances,
            self._blobs,
            originator=Originator(
                ae_title=session.caller.calling_ae_title, message_id=number(message.command, Element.MESSAGE_ID)
            ),
            priority=number(message.command, Element.PRIORITY),
        )
        done = SubOperations(remaining=len(instances))
        if done.remaining:
            # Says how many there are, before the destination has been called.
            done.report(session, message)
        with BackgroundDelivery(delivery) as sending:
            status = self._follow(session, message, sending, done)
        done.finish(session, message, status)

    def _follow(self, session: Session, message: Message, sending: BackgroundDelivery, done: SubOperations) -> Status:
        """Count what is sent, and report it, until all is done or the requestor cancels; gives the final status."""
        message_id = number(message.command, Element.MESSAGE_ID)
        reported = monotonic()
        while done.remaining and not session.association.canceled(message_id):
            is_through = sending.is_through
            outcomes = sending.take(_DEAF_SECONDS)
            self._count(session, done, outcomes)
            if is_through and not outcomes:
                # The thread that sent is no more, and said why in the log.
                return Status.CANNOT_UNDERSTAND
            if done.remaining and (outcomes or monotonic() - reported > _SIGN_OF_LIFE_SECONDS):
                done.report(session, message)
                reported = monotonic()
                sending.pause(_PACE_SECONDS)
        if done.remaining:
            self._count(session, done, sending.cancel(_LAST_OBJECT_SECONDS))
        return Status.CANCELED if done.remaining else done.status

    @staticmethod
    def _count(session: Session, done: SubOperations, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            done.count(outcome)
            if outcome.reason:
                _log.warning("move_failed", association=session.association_id, reason=outcome.reason)
