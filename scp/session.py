"""What a service gets to see of an association, and what it must be."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Protocol

from archive.origin import Origin, OriginKind
from routing.association import Association, Message
from routing.dimse import Element, response
from scp.admission import Caller
from scp.statuses import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An open association of an admitted peer.

    Parameters
    ----------
    association
        The messages.
    caller
        Who it is.
    association_id
        Row of `archive.associations`.
    origin
        Where an object that comes in here is from.
    at_end
        What is to be done when the association has ended.
    """

    association: Association
    caller: Caller
    association_id: int
    origin: Origin = field(init=False)
    at_end: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        """Say once where all its objects are from."""
        origin = Origin(
            kind=OriginKind.DIMSE,
            tenant=self.caller.tenant,
            ae_title=self.caller.calling_ae_title,
            address=self.caller.address,
            association_id=self.association_id,
        )
        object.__setattr__(self, "origin", origin)

    def answer(
        self,
        message: Message,
        status: Status,
        *,
        comment: str = "",
        data_set: bytes | None = None,
        counts: tuple[tuple[Element, int], ...] = (),
    ) -> None:
        """Send a response to `message`."""
        command = response(message.command, status, comment=comment, data_set=data_set is not None, counts=counts)
        self.association.send(message.context.context_id, command, data_set)


class Service(Protocol):
    """A DIMSE service of this node."""

    verb: str

    def serves(self, abstract_syntax: str) -> bool:
        """Tell whether this service has a meaning for the SOP class."""

    def handle(self, session: Session, message: Message) -> None:
        """Carry out one request and answer it."""
