"""C-MOVE, PS3.4 Section C.4.2: sends what was asked for to a configured AE, over associations of our own."""

from contextlib import closing
from typing import Protocol

import structlog

from archive.database import Database
from archive.errors import NodeError
from archive.retrieve import StoredInstance
from routing.association import Message
from routing.dimse import Element, number, text
from routing.peers import Peer
from routing.sender import Blobs, Originator, deliver
from scp.contexts import MOVE_CLASSES
from scp.retrieval import SubOperations, pick, record_begin
from scp.session import Session
from scp.statuses import Status, status_of

_log = structlog.get_logger()


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
        """Carry out one request, with a pending response after each object."""
        try:
            instances = pick(self._database, session, message)
            peer = self._destinations.find(session.caller.tenant, text(message.command, Element.MOVE_DESTINATION))
            if peer is not None:
                record_begin(self._database, session, instances, peer.name)
        except NodeError as error:
            status, comment = status_of(error)
            session.answer(message, status, comment=comment)
            return
        if peer is None:
            session.answer(message, Status.MOVE_DESTINATION_UNKNOWN, comment="Move destination is not configured")
        else:
            self._move(session, message, instances, peer)

    def _move(self, session: Session, message: Message, instances: list[StoredInstance], peer: Peer) -> None:
        message_id = number(message.command, Element.MESSAGE_ID)
        originator = Originator(ae_title=session.caller.calling_ae_title, message_id=message_id)
        done = SubOperations(remaining=len(instances))
        status: Status | None = None
        with closing(deliver(peer, instances, self._blobs, originator=originator)) as outcomes:
            for outcome in outcomes:
                done.count(outcome)
                if outcome.reason:
                    _log.warning("move_failed", association=session.association_id, reason=outcome.reason)
                if done.remaining and session.association.canceled(message_id):
                    status = Status.CANCELED
                    break
                if done.remaining:
                    done.report(session, message)
        done.finish(session, message, status or done.status)
