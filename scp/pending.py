"""Answers to queries: a pending response for each match, then the final one (PS3.4 Section C.4.1, PS3.7 9.1.2)."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, TypeAlias

import structlog

from archive.errors import NodeError
from routing.association import Message
from routing.dimse import Element, encode_command, number, response
from routing.pdu import p_data
from scp.session import Session
from scp.statuses import Status, status_of

Answer: TypeAlias = tuple[Status, bytes]
"""A pending status, and the identifier of a match."""
Ask: TypeAlias = Callable[[Session, Message], Iterator[Answer]]
"""Reads the request and finds what matches, bit by bit; what it raises is the final status."""

_log = structlog.get_logger()
# Sent at once, and at most so many after a cancel.
_BATCH: Final = 16


def answer_query(session: Session, message: Message, ask: Ask, *, most: int) -> None:
    """Answer one query.

    Parameters
    ----------
    session, message
        Who asks, and the request.
    ask
        Finds the matches.
    most
        More are not sent: the answer ends with "out of resources".
    """
    try:
        status, comment = _send_all(session, message, ask(session, message), most), ""
    except NodeError as error:
        status, comment = status_of(error)
        _log.info("query_refused", association=session.association_id, reason=type(error).__name__)
    if status is Status.OUT_OF_RESOURCES:
        comment = comment or "More matches than this node sends"
    session.association.forget_cancel(number(message.command, Element.MESSAGE_ID))
    session.answer(message, status, comment=comment)


def _send_all(session: Session, message: Message, answers: Iterator[Answer], most: int) -> Status:
    pending = _Pending(session, message)
    message_id = number(message.command, Element.MESSAGE_ID)
    while batch := list(islice(answers, _BATCH)):
        if session.association.canceled(message_id):
            return Status.CANCELED
        pending.send(batch[:most])
        if len(batch) > most:
            return Status.OUT_OF_RESOURCES
        most -= len(batch)
    return Status.SUCCESS


class _Pending:
    """Sends the pending responses of one request: their command sets are the same but for the status."""

    def __init__(self, session: Session, message: Message) -> None:
        self._association = session.association
        self._message = message
        self._commands: dict[Status, bytes] = {}

    def send(self, answers: Iterable[Answer]) -> None:
        """Send some responses at once."""
        encoded = (self._command(status) + self._encode(data_set, is_command=False) for status, data_set in answers)
        self._association.stream.write(b"".join(encoded))

    def _command(self, status: Status) -> bytes:
        if status not in self._commands:
            command = encode_command(response(self._message.command, status, data_set=True))
            self._commands[status] = self._encode(command, is_command=True)
        return self._commands[status]

    def _encode(self, part: bytes, *, is_command: bool) -> bytes:
        fragment = self._association.fragment_size
        return p_data(self._message.context.context_id, part, is_command=is_command, fragment=fragment)
