"""One request of ours and its responses, over an association we hold (PS3.7 Section 7)."""

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from pydicom import Dataset
from pynetdicom import dsutils

from routing.association import Association, Message
from routing.dimse import Command, Element, Value, is_response, number
from routing.errors import ConnectionLost
from routing.negotiation import EXPLICIT_VR_BIG_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, Context
from routing.pdu import AbortReason, ProtocolViolation

# What pydicom raises on bytes that are no data set.
_UNREADABLE: Final = (
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OverflowError,
    # Of sequences nested without end.
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
PENDING: Final = frozenset({0xFF00, 0xFF01})


def encode_data_set(dataset: Dataset, transfer_syntax: str) -> bytes:
    """Encode an identifier or the like in the transfer syntax of its context."""
    encoded = dsutils.encode(
        dataset, transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN, transfer_syntax != EXPLICIT_VR_BIG_ENDIAN
    )
    if encoded is None:
        raise ValueError("the data set cannot be encoded")
    return encoded


def decode_data_set(encoded: bytes, transfer_syntax: str) -> Dataset:
    """Decode what a peer answered; raises ProtocolViolation when it is no data set."""
    implicit, little = transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN, transfer_syntax != EXPLICIT_VR_BIG_ENDIAN
    try:
        dataset = dsutils.decode(BytesIO(encoded), implicit, little)
        # pydicom converts values only when asked for them; whatever is wrong with one shall show here.
        dataset.decode()
    except _UNREADABLE as error:
        raise ProtocolViolation("the peer sent a data set that cannot be read") from error
    return dataset


def context_for(association: Association, abstract_syntax: str) -> Context | None:
    """Find an accepted context for `abstract_syntax` in which we are SCU."""
    return next(
        (
            context
            for context in association.contexts.values()
            if context.abstract_syntax == abstract_syntax and context.requestor_scu
        ),
        None,
    )


def responses(
    association: Association, context: Context, command: dict[int, Value], dataset: Dataset | None = None
) -> Iterator[tuple[int, Message, Dataset | None]]:
    """Send a request and yield (status, response, data set) until a status is final.

    Raises
    ------
    WireError
        When the association ends, the peer is silent, or answers what was not asked.
    """
    encoded = None if dataset is None else encode_data_set(dataset, context.transfer_syntax)
    association.send(context.context_id, command, encoded)
    while True:
        message = receive_response(association, command)
        status = number(message.command, Element.STATUS)
        data = association.identifier()
        yield status, message, decode_data_set(data, context.transfer_syntax) if data else None
        if status not in PENDING:
            return


def receive_response(association: Association, command: Command) -> Message:
    """Wait for the response to `command`."""
    message = association.receive()
    if message is None:
        raise ConnectionLost("the peer released the association without an answer")
    expected = number(command, Element.MESSAGE_ID)
    if not is_response(message.command) or number(message.command, Element.MESSAGE_ID_RESPONDED_TO) != expected:
        raise ProtocolViolation("the peer answers what was not asked", AbortReason.UNEXPECTED_PARAMETER)
    return message
