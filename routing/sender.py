"""C-STORE as SCU: many objects over one association, streamed from their files (PS3.4 Annex B)."""

import os
import tempfile
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from archive import transcoding
from archive.errors import NodeError
from archive.retrieve import StoredInstance
from routing import dimse
from routing.association import Association
from routing.dimse import CommandField, Element, Value
from routing.errors import WireError
from routing.exchange import receive_response
from routing.pdu import p_data
from routing.peers import Peer
from routing.proposal import batches, syntaxes_for
from routing.requestor import open_association
from routing.streaming import DataSetWriter

_WARNINGS: Final = frozenset({0x0001, 0x0107, 0x0116, *range(0xB000, 0xC000)})


class Blobs(Protocol):
    """Where the files are."""

    def path(self, key: str) -> Path:
        """Give the file of a blob key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Originator:
    """The C-MOVE that a C-STORE belongs to (PS3.7 Section 9.1.1.1)."""

    ae_title: str
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one object.

    Parameters
    ----------
    instance
        The object.
    status
        Status of the C-STORE-RSP; none when it never came to one.
    reason
        Why it failed, empty when it did not.
    """

    instance: StoredInstance
    status: int | None
    reason: str = ""

    @property
    def stored(self) -> bool:
        """Whether the peer has the object, with or without a warning."""
        return not self.reason

    @property
    def warned(self) -> bool:
        """Whether the peer has the object but did something to it."""
        return self.stored and self.status != 0


class InstanceSender:
    """Sends objects over one association, as its requestor or, for C-GET, as its acceptor.

    Parameters
    ----------
    association
        The association; this ends neither it nor its connection.
    blobs
        Where the files are.
    originator
        The C-MOVE this is done for.
    allowed
        Transfer syntaxes the peer may be sent; all when empty.
    as_acceptor
        Whether the peer asked for the association, and so must have the SCP role.
    """

    def __init__(
        self,
        association: Association,
        blobs: Blobs,
        *,
        originator: Originator | None = None,
        allowed: Sequence[str] = (),
        as_acceptor: bool = False,
    ) -> None:
        self.association = association
        self._blobs = blobs
        self._originator = originator
        self._allowed = allowed
        self._writer = DataSetWriter(association.stream, association.fragment_size)
        self._context_ids: dict[str, dict[str, int]] = defaultdict(dict)
        for context in association.contexts.values():
            if context.requestor_scp if as_acceptor else context.requestor_scu:
                self._context_ids[context.abstract_syntax].setdefault(context.transfer_syntax, context.context_id)

    def send(self, instance: StoredInstance) -> Outcome:
        """Send one object and wait for the answer.

        Raises
        ------
        WireError
            When the association ended; it is of no more use.
        """
        accepted = self._context_ids.get(str(instance.sop_class_uid), {})
        stored_in = str(instance.transfer_syntax_uid)
        syntax = next((one for one in syntaxes_for(stored_in, self._allowed) if one in accepted), None)
        if syntax is None:
            return Outcome(instance=instance, status=None, reason="no presentation context was accepted for it")
        try:
            if syntax == stored_in:
                return self._send_file(instance, accepted[syntax])
            return self._send_converted(instance, accepted[syntax], syntax)
        except NodeError as error:
            return Outcome(instance=instance, status=None, reason=str(error))
        except OSError as error:
            return Outcome(
                instance=instance, status=None, reason=f"its file cannot be read or converted: {error.strerror}"
            )

    def _send_file(self, instance: StoredInstance, context_id: int) -> Outcome:
        file = os.open(self._blobs.path(instance.key), os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(file).st_size - instance.data_offset
            command = self._announce(instance, context_id)
            self._writer.send_file(context_id, file, instance.data_offset, size)
        finally:
            os.close(file)
        return self._answer(instance, command)

    def _send_converted(self, instance: StoredInstance, context_id: int, syntax: str) -> Outcome:
        # The whole conversion comes first, for once the command is out there is no way back but an abort; a file
        # keeps memory flat.
        with tempfile.TemporaryFile() as converted:
            transcoding.transcode_to(
                converted.write,
                self._blobs.path(instance.key),
                instance.data_offset,
                str(instance.transfer_syntax_uid),
                syntax,
            )
            converted.flush()
            size = converted.tell()
            command = self._announce(instance, context_id)
            self._writer.send_file(context_id, converted.fileno(), 0, size)
        return self._answer(instance, command)

    def _announce(self, instance: StoredInstance, context_id: int) -> dict[int, Value]:
        """Send the command set, which the network may hold back until the data set follows."""
        command = dimse.request(CommandField.C_STORE, self.association.next_message_id(), data_set=True)
        command[Element.AFFECTED_SOP_CLASS_UID] = str(instance.sop_class_uid)
        command[Element.AFFECTED_SOP_INSTANCE_UID] = str(instance.sop_instance_uid)
        command[Element.PRIORITY] = dimse.PRIORITY_MEDIUM
        if self._originator:
            command[Element.MOVE_ORIGINATOR_AE_TITLE] = self._originator.ae_title
            command[Element.MOVE_ORIGINATOR_MESSAGE_ID] = self._originator.message_id
        encoded = dimse.encode_command(command)
        fragment = self.association.fragment_size
        self.association.stream.write(p_data(context_id, encoded, is_command=True, fragment=fragment), more=True)
        return command

    def _answer(self, instance: StoredInstance, command: dict[int, Value]) -> Outcome:
        response = receive_response(self.association, command).command
        status = dimse.number(response, Element.STATUS)
        if status == 0 or status in _WARNINGS:
            return Outcome(instance=instance, status=status)
        comment = dimse.text(response, Element.ERROR_COMMENT)
        reason = f"refused with status {status:04X}H" + (f" ({comment})" if comment else "")
        return Outcome(instance=instance, status=status, reason=reason)


def send_instances(sender: InstanceSender, instances: Iterable[StoredInstance]) -> Iterator[Outcome]:
    """Send `instances` one after the other; when the association ends, the rest of them fails with its reason."""
    waiting = list(instances)
    for number, instance in enumerate(waiting):
        try:
            yield sender.send(instance)
        except WireError as error:
            sender.association.abort()
            yield from failures(waiting[number:], str(error))
            return


def failures(instances: Iterable[StoredInstance], reason: str) -> Iterator[Outcome]:
    """Give the same failure for each of `instances`."""
    return (Outcome(instance=instance, status=None, reason=reason) for instance in instances)


def deliver(
    peer: Peer, instances: Iterable[StoredInstance], blobs: Blobs, *, originator: Originator | None = None
) -> Generator[Outcome, None, None]:
    """Send `instances` to `peer` over as few associations as their presentation contexts allow.

    Every instance gets an outcome, also when the peer cannot be reached. Closing the iterator early releases the
    association after the object that is under way.
    """
    unreachable = ""
    for contexts, group in batches(instances, peer.transfer_syntaxes):
        if unreachable:
            yield from failures(group, unreachable)
            continue
        try:
            association = open_association(peer, contexts)
        except WireError as error:
            unreachable = str(error)
            yield from failures(group, unreachable)
            continue
        try:
            sender = InstanceSender(association, blobs, originator=originator, allowed=peer.transfer_syntaxes)
            yield from send_instances(sender, group)
        finally:
            association.release()
