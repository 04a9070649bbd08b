"""What requests about instances of attribute lists have in common: which instance, and its attributes (PS3.7 10.1)."""

import uuid
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from archive.attribute_lists import AttributeList
from archive.errors import NodeError
from routing.association import Message
from routing.dimse import CommandField, Element, has_data_set, number, text
from routing.negotiation import IMPLICIT_VR_LITTLE_ENDIAN
from scp import attribute_lists, elements
from scp.attribute_lists import SPECIFIC_CHARACTER_SET
from scp.session import Session
from scp.statuses import Status

_ATTRIBUTE_DIGITS: Final = 8


class InvalidUid(NodeError):
    """The SOP Instance UID is not valid."""


def is_creation(message: Message) -> bool:
    """Tell an N-CREATE from requests about what exists."""
    return number(message.command, Element.COMMAND_FIELD) == CommandField.N_CREATE


def with_uid(message: Message) -> Message:
    """Name the instance of an N-CREATE that leaves the name to us (PS3.7 Section 10.1.5.1.4)."""
    if not is_creation(message) or text(message.command, Element.AFFECTED_SOP_INSTANCE_UID):
        return message
    uid = f"2.25.{uuid.uuid4().int}"
    return replace(message, command={**message.command, Element.AFFECTED_SOP_INSTANCE_UID: uid})


def uid_of(message: Message) -> str:
    """Return the SOP Instance UID that a request speaks of."""
    affected = is_creation(message)
    return text(message.command, Element.AFFECTED_SOP_INSTANCE_UID if affected else Element.REQUESTED_SOP_INSTANCE_UID)


def attributes_of(session: Session, message: Message) -> AttributeList:
    """Read the attributes of a request; none where no data set follows."""
    if not has_data_set(message.command):
        return {}
    implicit = message.context.transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
    return attribute_lists.decode(elements.read(session.association.identifier(), implicit=implicit))


def answer_attributes(
    session: Session, message: Message, found: AttributeList, supported: Collection[str] = ()
) -> None:
    """Answer an N-GET with what it asks for, or with all when it names nothing (PS3.7 Section 10.1.2.1.5).

    Attributes that are `supported` are given without value where there is none; for others there is a warning.
    """
    session.association.discard()
    wanted = [name for name in _asked(message) if name != SPECIFIC_CHARACTER_SET]
    chosen = {name: found.get(name, ()) for name in wanted if name in found or name in supported} if wanted else found
    implicit = message.context.transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
    data_set = attribute_lists.encode(chosen, charset=session.caller.charset or "", implicit=implicit)
    complete = all(name in chosen for name in wanted)
    session.answer(message, Status.SUCCESS if complete else Status.OPTIONAL_ATTRIBUTES_UNSUPPORTED, data_set=data_set)


def _asked(message: Message) -> list[str]:
    listed = text(message.command, Element.ATTRIBUTE_IDENTIFIER_LIST)
    return [name for name in listed.split("\\") if len(name) == _ATTRIBUTE_DIGITS]
