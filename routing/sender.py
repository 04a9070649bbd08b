"""C-STORE as SCU: objects over one association, streamed from their files (PS3.4 Annex B)."""

import os
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from archive import transcoding
from archive.errors import NodeError, NotTranscodable
from archive.retrieve import StoredInstance
from routing import dimse
from routing.association import Association
from routing.dimse import CommandField, Element, Value
from routing.exchange import receive_response
from routing.negotiation import Context
from routing.pdu import p_data
from routing.proposal import syntaxes_for
from routing.streaming import DataSetWriter

_WARNINGS: Final = frozenset({0x0001, 0x0107, 0x0116, *range(0xB000, 0xC000)})
"""Statuses of PS3.7 Annex C that say an object was taken, though not all is well (PS3.4 Table B.2-1)."""
# The beginning is enough: whoever reads a file from its beginning on has the kernel fetch the rest.
_FETCHED_AHEAD: Final = 4 << 20
_NO_CONTEXT: Final = "no presentation context was accepted for it"


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


class Side(Enum):
    """Who sends over an association: the side that asked for it, or, for C-GET, the one that accepted it.

    `ACCEPTOR_UNASKED` is for peers that ask for objects by C-GET and forget to propose themselves as SCP of storage.
    """

    REQUESTOR = auto()
    ACCEPTOR = auto()
    ACCEPTOR_UNASKED = auto()

    def may_send(self, context: Context) -> bool:
        """Tell whether this side is SCU in a presentation context (PS3.7 Annex D.3.3.4)."""
        if self is Side.REQUESTOR:
            return context.requestor_scu
        return context.requestor_scp or self is Side.ACCEPTOR_UNASKED


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
    priority
        Of each C-STORE (PS3.7 Section 9.1.1.1): that of the request it is done for.
    allowed
        Transfer syntaxes the peer may be sent; all when empty.
    side
        Which side of the association this is.
    """

    def __init__(
        self,
        association: Association,
        blobs: Blobs,
        *,
        originator: Originator | None = None,
        priority: int = dimse.PRIORITY_MEDIUM,
        allowed: Sequence[str] = (),
        side: Side = Side.REQUESTOR,
    ) -> None:
        self.association = association
        self._blobs = blobs
        self._originator = originator
        self._priority = priority
        self._allowed = allowed
        self._writer = DataSetWriter(association.stream, association.fragment_size)
        self._context_ids: dict[str, dict[str, int]] = defaultdict(dict)
        self._ahead: tuple[str, int] | None = None
        for context in association.contexts.values():
            if side.may_send(context):
                self._context_ids[context.abstract_syntax].setdefault(context.transfer_syntax, context.context_id)

    def send(self, instance: StoredInstance, following: StoredInstance | None = None) -> Outcome:
        """Send one object and wait for the answer; meanwhile the file of the `following` one is fetched.

        Raises
        ------
        WireError
            When the association ended; it is of no more use.
        """
        accepted = self._accepted(instance)
        if not accepted:
            return Outcome(instance=instance, status=None, reason=_NO_CONTEXT)
        try:
            if next(iter(accepted)) == instance.transfer_syntax_uid:
                return self._send_file(instance, accepted[instance.transfer_syntax_uid], following)
            return self._send_converted(instance, accepted)
        except NodeError as error:
            return Outcome(instance=instance, status=None, reason=str(error))
        except OSError as error:
            return Outcome(
                instance=instance, status=None, reason=f"its file cannot be read or converted: {error.strerror}"
            )

    def close(self) -> None:
        """Close the file that was fetched and not sent; the association stays."""
        if self._ahead is not None:
            os.close(self._ahead[1])
            self._ahead = None

    def _accepted(self, instance: StoredInstance) -> dict[str, int]:
        """Give the contexts in which the peer takes an object, by transfer syntax, best first."""
        accepted = self._context_ids.get(str(instance.sop_class_uid), {})
        return {one: accepted[one] for one in syntaxes_for(instance, self._allowed) if one in accepted}

    def _send_file(self, instance: StoredInstance, context_id: int, following: StoredInstance | None) -> Outcome:
        file = self._open(instance)
        try:
            size = os.fstat(file).st_size - instance.data_offset
            command = self._announce(instance, context_id)
            self._writer.send_file(context_id, file, instance.data_offset, size)
        finally:
            os.close(file)
        if following is not None:
            self._look_ahead(following)
        return self._answer(instance, command)

    def _open(self, instance: StoredInstance) -> int:
        if self._ahead is not None and self._ahead[0] == instance.key:
            (_, file), self._ahead = self._ahead, None
            return file
        self.close()
        return os.open(self._blobs.path(instance.key), os.O_RDONLY | os.O_CLOEXEC)

    def _look_ahead(self, following: StoredInstance) -> None:
        """Have the disk fetch the next file while the peer is busy with this one."""
        # What is wrong with it is said when its turn comes.
        with suppress(OSError, NodeError):
            file = os.open(self._blobs.path(following.key), os.O_RDONLY | os.O_CLOEXEC)
            self._ahead = following.key, file
            os.posix_fadvise(file, 0, _FETCHED_AHEAD, os.POSIX_FADV_WILLNEED)

    def _send_converted(self, instance: StoredInstance, accepted: Mapping[str, int]) -> Outcome:
        # The whole conversion comes first, for once the command is out there is no way back but an abort; a file
        # keeps memory flat.
        with tempfile.TemporaryFile() as converted:
            syntax = self._convert(instance, list(accepted), converted)
            size = converted.tell()
            command = self._announce(instance, accepted[syntax])
            self._writer.send_file(accepted[syntax], converted.fileno(), 0, size)
        return self._answer(instance, command)

    def _convert(self, instance: StoredInstance, syntaxes: Sequence[str], target: BinaryIO) -> str:
        """Write an object in the first of `syntaxes` that it can be given in; gives that one."""
        for number, syntax in enumerate(syntaxes, start=1):
            try:
                transcoding.transcode_to(
                    target.write,
                    self._blobs.path(instance.key),
                    instance.data_offset,
                    str(instance.transfer_syntax_uid),
                    syntax,
                )
            except NotTranscodable:
                if number == len(syntaxes):
                    raise
                target.seek(0)
                target.truncate()
            else:
                target.flush()
                return syntax
        raise NotTranscodable(_NO_CONTEXT)

    def _announce(self, instance: StoredInstance, context_id: int) -> dict[int, Value]:
        """Send the command set, which the network may hold back until the data set follows."""
        command = dimse.request(CommandField.C_STORE, self.association.next_message_id(), data_set=True)
        command[Element.AFFECTED_SOP_CLASS_UID] = str(instance.sop_class_uid)
        command[Element.AFFECTED_SOP_INSTANCE_UID] = str(instance.sop_instance_uid)
        command[Element.PRIORITY] = self._priority
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
