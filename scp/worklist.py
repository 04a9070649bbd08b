"""Modality worklist: C-FIND of scheduled procedure steps (PS3.4 Annex K)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import structlog

from archive import scheduling_query
from archive.attribute_lists import AttributeList, vr_of
from archive.database import Database
from archive.errors import NodeError
from archive.scheduling_attributes import SUPPORTED
from archive.scheduling_matching import check
from routing.association import Message
from routing.dimse import Element, number
from routing.negotiation import IMPLICIT_VR_LITTLE_ENDIAN
from scp import attribute_lists, elements
from scp.contexts import MODALITY_WORKLIST_FIND
from scp.session import Session
from scp.statuses import Status, status_of

_log = structlog.get_logger()
DEFAULT_MAX_MATCHES: Final = 10_000


class Worklist:
    """The worklist service.

    Parameters
    ----------
    database
        Where the entries are.
    max_matches
        More are not sent: the answer ends with "out of resources".
    """

    verb = "worklist"

    def __init__(self, database: Database, *, max_matches: int = DEFAULT_MAX_MATCHES) -> None:
        self._database = database
        self._max_matches = max_matches

    def serves(self, abstract_syntax: str) -> bool:
        """Serve the Modality Worklist Information Model."""
        return abstract_syntax == MODALITY_WORKLIST_FIND

    def handle(self, session: Session, message: Message) -> None:
        """Answer one query: a pending response for each entry, then the final one."""
        try:
            status, comment = self._answer(session, message), ""
        except NodeError as error:
            status, comment = status_of(error)
            _log.info("worklist_query_refused", association=session.association_id, reason=type(error).__name__)
        if status is Status.OUT_OF_RESOURCES:
            comment = comment or "More matches than this node sends"
        session.association.forget_cancel(number(message.command, Element.MESSAGE_ID))
        session.answer(message, status, comment=comment)

    def _answer(self, session: Session, message: Message) -> Status:
        implicit = message.context.transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
        encoded = elements.read(session.association.identifier(), implicit=implicit)
        keys = attribute_lists.decode(encoded, keep_unknown=True)
        charset = session.caller.charset
        if charset is None:
            charset = attribute_lists.charset_of(encoded)
        check(keys)
        message_id = number(message.command, Element.MESSAGE_ID)
        for count, entry in enumerate(self._matches(session.caller.tenant, keys)):
            if session.association.canceled(message_id):
                return Status.CANCELED
            if count == self._max_matches:
                return Status.OUT_OF_RESOURCES
            data_set = attribute_lists.encode(answer(keys, entry), charset=charset, implicit=implicit)
            session.answer(message, pending(keys, entry), data_set=data_set)
        return Status.SUCCESS

    def _matches(self, tenant: str, keys: AttributeList) -> Iterator[AttributeList]:
        position: int | None = 0
        while position is not None:
            found = self._database.read(scheduling_query.page, tenant, keys, after=position)
            yield from found.entries
            position = found.position


def answer(keys: AttributeList, entry: AttributeList) -> dict[str, list[Any]]:
    """Give what was asked for, each attribute empty where the entry has none (PS3.4 Section C.2.2.2.3).

    Of a sequence asked for without an item, or with an empty one, all attributes are given.
    """
    return {name: _row(name, row, entry.get(name, ())) for name, row in keys.items()}


def _row(name: str, asked: Sequence[Any], found: Sequence[Any]) -> list[Any]:
    if vr_of(name) != "SQ" or not asked or not asked[0]:
        return list(found)
    return [answer(asked[0], item) for item in found if isinstance(item, Mapping)]


def pending(keys: AttributeList, entry: AttributeList) -> Status:
    """Tell "pending" from "pending, optional keys are not supported" (PS3.4 Table K.4-1)."""
    return Status.PENDING if _supports(keys, entry) else Status.PENDING_KEYS_UNSUPPORTED


def _supports(keys: AttributeList, entry: AttributeList) -> bool:
    """Tell whether each key is one of Table K.6-1 or an attribute that the entry has."""
    return all(name in entry or name in SUPPORTED for name in keys) and all(
        _supports(row[0], next(iter(entry.get(name, ())), {})) for name, row in keys.items() if _is_item(name, row)
    )


def _is_item(name: str, row: Sequence[Any]) -> bool:
    return vr_of(name) == "SQ" and bool(row)
