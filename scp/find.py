"""C-FIND, PS3.4 Section C.4.1: one matcher for all levels of both models, answered in short read transactions."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from archive import query
from archive.database import Database
from archive.query import Match, Query
from routing.association import Message
from routing.negotiation import IMPLICIT_VR_LITTLE_ENDIAN
from scp import identifier
from scp.contexts import FIND_CLASSES
from scp.pending import Answer, answer_query
from scp.query_options import options_of
from scp.session import Session
from scp.statuses import Status

DEFAULT_MAX_MATCHES: Final = 100_000
# A read transaction lasts for as many matches, not for as long as a peer takes to read them.
_PAGE: Final = 256


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
        answer_query(session, message, self._answers, most=self._max_matches)

    def _answers(self, session: Session, message: Message) -> Iterator[Answer]:
        implicit = message.context.transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
        encoded = session.association.identifier()
        asked = identifier.understand(encoded, sop_class_uid=message.context.abstract_syntax, implicit=implicit)
        wanted = asked.query(options_of(message.context))
        status = Status.PENDING_KEYS_UNSUPPORTED if wanted.unsupported else Status.PENDING
        charset = session.caller.charset
        for match in self._matches(session.caller.tenant, wanted):
            yield (
                status,
                identifier.answer(asked, match, ae_title=self._ae_title, charset=charset, implicit=implicit),
            )

    def _matches(self, tenant: str, wanted: Query) -> Iterator[Match]:
        while True:
            page = self._database.read(query.page, tenant, wanted, _PAGE)
            yield from page
            if len(page) < _PAGE:
                return
            wanted = replace(wanted, after=page[-1].position)
