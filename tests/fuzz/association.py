"""The reader of PDUs and messages, fed with whatever a peer may send after A-ASSOCIATE."""

from collections.abc import Callable
from typing import Final

from routing import dimse
from routing.association import Association, Timing
from routing.dimse import Element
from routing.errors import WireError
from routing.negotiation import Context
from tests.routing.memory import Memory

MAX_PDU: Final = 1000
CONTEXTS: Final = {
    number: Context(context_id=number, abstract_syntax="1.2", transfer_syntax="1.2.840.10008.1.2") for number in (1, 3)
}
_LARGEST_DATA_SET: Final = 20_000
_CHOICES: Final = 2
_PIECES: Final = 7


def open_association(received: bytes, *, piece: int = 1 << 30) -> tuple[Association, Memory]:
    """Open an association whose peer sends these bytes, so many at once, and hangs up."""
    stream = Memory(received, piece=piece)
    association = Association(
        stream, contexts=CONTEXTS, own_max_pdu=MAX_PDU, peer_max_pdu=500, timing=Timing(idle_seconds=1, pdu_seconds=1)
    )
    return association, stream


def read_messages(data: bytes) -> None:
    """Read to the end; nothing but a WireError may come out.

    The first byte chooses how data sets are taken, the second in what pieces the bytes come.
    """
    if len(data) < _CHOICES:
        return
    take = WAYS[data[0] % len(WAYS)]
    association, stream = open_association(data[_CHOICES:], piece=1 + data[1] * _PIECES)
    try:
        while (message := association.receive()) is not None:
            assert message.context is CONTEXTS[message.context.context_id]
            take(association, dimse.number(message.command, Element.MESSAGE_ID))
    except WireError:
        association.abort()
        assert stream.closed
    # Every PDU is a header and a body, and no header is read for nothing.
    assert stream.reads <= 2 * (len(data) // 6 + 1)


def _as_fragments(association: Association, _message_id: int) -> None:
    for fragment in association.fragments():
        assert len(fragment) <= MAX_PDU


def _as_identifier(association: Association, _message_id: int) -> None:
    association.identifier()


def _not_at_all(_association: Association, _message_id: int) -> None:
    """Leave the data set to the next `receive`."""


def _refused(association: Association, _message_id: int) -> None:
    association.discard(_LARGEST_DATA_SET)


def _looking_for_a_cancel(association: Association, message_id: int) -> None:
    association.identifier()
    association.canceled(message_id)
    association.forget_cancel(message_id)


WAYS: Final[tuple[Callable[[Association, int], None], ...]] = (
    _as_fragments,
    _as_identifier,
    _not_at_all,
    _refused,
    _looking_for_a_cancel,
)
