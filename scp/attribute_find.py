"""C-FIND over attribute lists, which worklist entries and workitems are (PS3.4 Sections C.4.1, K.4 and CC.2.8)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from archive.attribute_lists import AttributeList, key, vr_of
from archive.connection import Connection
from archive.database import Database
from archive.scheduling_matching import check
from routing.association import Message
from routing.negotiation import IMPLICIT_VR_LITTLE_ENDIAN
from scp import attribute_lists, elements
from scp.pending import Answer, answer_query
from scp.session import Session
from scp.statuses import Status

DEFAULT_MAX_MATCHES: Final = 10_000
_TIMEZONE_OFFSET: Final = key("TimezoneOffsetFromUTC")


class Part(Protocol):
    """A part of the answers."""

    @property
    def entries(self) -> tuple[AttributeList, ...]:
        """Those that match."""

    @property
    def position(self) -> int | None:
        """Where to go on; None at the end."""


class ReadPart(Protocol):
    """Finds the next part."""

    def __call__(self, connection: Connection, tenant: str, keys: AttributeList, *, after: int = 0) -> Part:
        """Return what matches `keys` behind a position."""


class AttributeFind:
    """Answers queries with all that was asked for.

    Parameters
    ----------
    database
        Where entries are.
    read
        Finds them.
    supported
        Attributes that are answered, empty where an entry has none; a query for others is told so.
    max_matches
        More are not sent: the answer ends with "out of resources".
    """

    def __init__(
        self,
        database: Database,
        read: ReadPart,
        supported: Collection[str],
        *,
        max_matches: int = DEFAULT_MAX_MATCHES,
    ) -> None:
        self._database = database
        self._read = read
        self._supported = supported
        self._max_matches = max_matches

    def handle(self, session: Session, message: Message) -> None:
        """Answer one query: a pending response for each entry, then the final one."""
        answer_query(session, message, self._answers, most=self._max_matches)

    def _answers(self, session: Session, message: Message) -> Iterator[Answer]:
        implicit = message.context.transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
        encoded = elements.read(session.association.identifier(), implicit=implicit)
        keys = _but_for_zone(attribute_lists.decode(encoded, keep_unknown=True))
        charset = session.caller.charset
        if charset is None:
            charset = attribute_lists.charset_of(encoded)
        check(keys)
        for entry in self._matches(session.caller.tenant, keys):
            known = supports(keys, entry, self._supported)
            data_set = attribute_lists.encode(answer(keys, entry), charset=charset, implicit=implicit)
            yield Status.PENDING if known else Status.PENDING_KEYS_UNSUPPORTED, data_set

    def _matches(self, tenant: str, keys: AttributeList) -> Iterator[AttributeList]:
        position: int | None = 0
        while position is not None:
            found = self._database.read(self._read, tenant, keys, after=position)
            yield from found.entries
            position = found.position


def _but_for_zone(keys: AttributeList) -> AttributeList:
    """Match any time zone: it says how times are meant (PS3.4 Section C.2.2.2.5), and chooses nothing itself."""
    return {name: () if name == _TIMEZONE_OFFSET else row for name, row in keys.items()}


def answer(keys: AttributeList, entry: AttributeList) -> dict[str, list[Any]]:
    """Give what was asked for, each attribute empty where the entry has none (PS3.4 Section C.2.2.2.3).

    Of a sequence asked for without an item, or with an empty one, all attributes are given.
    """
    return {name: _row(name, row, entry.get(name, ())) for name, row in keys.items()}


def _row(name: str, asked: Sequence[Any], found: Sequence[Any]) -> list[Any]:
    if vr_of(name) != "SQ" or not asked or not asked[0]:
        return list(found)
    return [answer(asked[0], item) for item in found if isinstance(item, Mapping)]


def supports(keys: AttributeList, entry: AttributeList, supported: Collection[str]) -> bool:
    """Tell whether each key is a supported attribute or one that the entry has (PS3.4 Table K.4-1)."""
    return all(name in entry or name in supported for name in keys) and all(
        supports(row[0], next(iter(entry.get(name, ())), {}), supported)
        for name, row in keys.items()
        if _is_item(name, row)
    )


def _is_item(name: str, row: Sequence[Any]) -> bool:
    return vr_of(name) == "SQ" and bool(row)
