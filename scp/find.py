"""C-FIND, PS3.4 Section C.4.1: one matcher for all levels of both models, answered in short read transactions."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import structlog

from archive import query
from archive.database import Database
from archive.errors import NodeError
from archive.query import Match, Query
from routing.association import Message
from routing.dimse import Element, encode_command, number, response
from routing.negotiation import IMPLICIT_VR_LITTLE_ENDIAN
from routing.pdu import p_data
from scp import identifier
from scp.contexts import FIND_CLASSES
from scp.query_options import options_of
from scp.session import Session
from scp.statuses import Status, status_of

_log = structlog.get_logger()
DEFAULT_MAX_MATCHES: Final = 100_000
# A read transaction lasts for as many matches, not for as long as a peer takes to read them.
_PAGE: Final = 256
# Sent at once, and at most so many after a cancel.
_BATCH: Final = 16


class Find:
    """The query service.

    Parameters
    ----------
    database
        The index.
    ae_title
        Our title, for Retrieve AE Title.
    max_matches
        More are not sent: the answer ends with "out of resources".
    """

    verb = "find"

    def __init__(self, database: Database, *, ae_title: str, max_matches: int = DEFAULT_MAX_MATCHES) -> None:
        self._database = database
        self._ae_title = ae_title
        self._max_matches = max_matches

    def serves(self, abstract_syntax: str) -> bool:
        """Serve Patient Root, Study Root and Patient/Study Only FIND."""
        return abstract_syntax in FIND_CLASSES

    def handle(self, session: Session, message: Message) -> None:
        """Answer one query: a pending response for each match, then the final one."""
        try:
            status, comment = self._answer(session, message), ""
        except NodeError as error:
            status, comment = status_of(error)
            _log.info("find_refused", association=session.association_id, reason=type(error).__name__)
        if status is Status.OUT_OF_RESOURCES:
            comment = comment or "More matches than this node sends"
        session.association.forget_cancel(number(message.command, Element.MESSAGE_ID))
        session.answer(message, status, comment=comment)

    def _answer(self, session: Session, message: Message) -> Status:
        implicit = message.context.transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
        encoded = session.association.identifier()
        asked = identifier.understand(encoded, sop_class_uid=message.context.abstract_syntax, implicit=implicit)
        wanted = asked.query(options_of(message.context))
        pending = _Pending(session, message, unsupported=bool(wanted.unsupported))
        message_id = number(message.command, Element.MESSAGE_ID)
        room = self._max_matches
        for matches in self._batches(session.caller.tenant, wanted):
            if session.association.canceled(message_id):
                return Status.CANCELED
            pending.send(
                identifier.answer(
                    asked, match, ae_title=self._ae_title, charset=session.caller.charset, implicit=implicit
                )
                for match in matches[:room]
            )
            if len(matches) > room:
                return Status.OUT_OF_RESOURCES
            room -= len(matches)
        return Status.SUCCESS

    def _batches(self, tenant: str, wanted: Query) -> Iterator[list[Match]]:
        while True:
            page = self._database.read(query.page, tenant, wanted, _PAGE)
            for begin in range(0, len(page), _BATCH):
                yield page[begin : begin + _BATCH]
            if len(page) < _PAGE:
                return
            wanted = replace(wanted, after=page[-1].position)


class _Pending:
    """Sends the pending responses of one request: their command sets are all the same."""

    def __init__(self, session: Session, message: Message, *, unsupported: bool) -> None:
        self._association = session.association
        self._context_id = message.context.context_id
        status = Status.PENDING_KEYS_UNSUPPORTED if unsupported else Status.PENDING
        command = encode_command(response(message.command, status, data_set=True))
        self._command = self._encode(command, is_command=True)

    def send(self, data_sets: Iterable[bytes]) -> None:
        """Send one response for each data set, all at once."""
        encoded = (self._command + self._encode(data_set, is_command=False) for data_set in data_sets)
        self._association.stream.write(b"".join(encoded))

    def _encode(self, part: bytes, *, is_command: bool) -> bytes:
        return p_data(self._context_id, part, is_command=is_command, fragment=self._association.fragment_size)
