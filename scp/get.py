"""C-GET, PS3.4 Section C.4.3: sends what was asked for over the association that asked."""

from collections.abc import Sequence
from itertools import zip_longest

import structlog

from archive.database import Database
from archive.errors import NodeError
from archive.retrieve import StoredInstance
from routing.association import Message
from routing.dimse import Element, number
from routing.sender import Blobs, InstanceSender, Side
from scp.contexts import GET_CLASSES
from scp.retrieval import SubOperations, pick, record_begin, refusal_of
from scp.session import Session
from scp.statuses import Status

_log = structlog.get_logger()


class Get:
    """The C-GET service.

    Parameters
    ----------
    database
        The index.
    blobs
        The files.
    """

    verb = "get"

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def serves(self, abstract_syntax: str) -> bool:
        """Serve Patient Root and Study Root GET."""
        return abstract_syntax in GET_CLASSES

    def handle(self, session: Session, message: Message) -> None:
        """Carry out one request; C-STORE sub-operations use the contexts the peer proposed itself as SCP for."""
        try:
            instances = pick(self._database, session, message)
            record_begin(self._database, session, instances, session.caller.calling_ae_title)
        except NodeError as error:
            status, comment = refusal_of(error)
            session.answer(message, status, comment=comment)
            return
        self._get(session, message, instances)

    def _get(self, session: Session, message: Message, instances: Sequence[StoredInstance]) -> None:
        sender = InstanceSender(
            session.association,
            self._blobs,
            priority=number(message.command, Element.PRIORITY),
            side=Side.ACCEPTOR_UNASKED if session.caller.get_without_roles else Side.ACCEPTOR,
        )
        done = SubOperations(remaining=len(instances))
        try:
            status = self._send(session, message, sender, instances, done)
        finally:
            sender.close()
        done.finish(session, message, status)

    @staticmethod
    def _send(
        session: Session,
        message: Message,
        sender: InstanceSender,
        instances: Sequence[StoredInstance],
        done: SubOperations,
    ) -> Status:
        message_id = number(message.command, Element.MESSAGE_ID)
        for instance, following in zip_longest(instances, instances[1:]):
            if session.association.canceled(message_id):
                return Status.CANCELED
            outcome = sender.send(instance, following)
            done.count(outcome)
            if outcome.reason:
                _log.warning("get_failed", association=session.association_id, reason=outcome.reason)
            if done.remaining:
                done.report(session, message)
        return done.status
