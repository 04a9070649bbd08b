"""C-GET and C-MOVE as SCU: objects of a remote AE come to this node (PS3.4 Sections C.4.2 and C.4.3).

By C-GET they come over the association that asked for them; by C-MOVE the peer opens one of its own to our listener.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Protocol

from pydicom import Dataset

from routing import dimse
from routing.association import Association, Message
from routing.dimse import CommandField, Element
from routing.errors import ConnectionLost, RequestRefused, WireError
from routing.exchange import PENDING, context_for, encode_data_set
from routing.negotiation import Context, Roles
from routing.pdu import AbortReason, ProtocolViolation
from routing.peers import Peer
from routing.remote_classes import classes_of, storage_pairs
from routing.remote_query import QUERY_SYNTAXES, cancel_request, request_of
from routing.remote_statuses import CANCELED, WITH_FAILURES, in_words
from routing.requestor import negotiate, number_contexts

PATIENT_ROOT_MOVE: Final = "1.2.840.10008.5.1.4.1.2.1.2"
PATIENT_ROOT_GET: Final = "1.2.840.10008.5.1.4.1.2.1.3"
STUDY_ROOT_MOVE: Final = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_ROOT_GET: Final = "1.2.840.10008.5.1.4.1.2.2.3"


class Method(StrEnum):
    """How objects are asked for."""

    GET = "get"
    MOVE = "move"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be retrieved.

    Parameters
    ----------
    study_uid
        Study Instance UID.
    series_uids
        Series Instance UIDs in it; the whole study when empty.
    """

    study_uid: str
    series_uids: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a retrieval is: sub-operations as the peer counts them.

    Parameters
    ----------
    remaining, completed, failed, warning
        Sub-operations; remaining is None until the peer says it.
    canceled
        Whether it ended before its end because somebody asked for that.
    message
        Why objects are missing, in words; empty when none are.
    """

    remaining: int | None = None
    completed: int = 0
    failed: int = 0
    warning: int = 0
    canceled: bool = False
    message: str = ""


class Receiver(Protocol):
    """Keeps the objects that come over the association of a C-GET."""

    refusal: str

    def store(self, association: Association, message: Message) -> None:
        """Read one object, keep it, and answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who follows a retrieval.

    Parameters
    ----------
    progress
        Called whenever the peer counts.
    canceled
        Asked after each message whether to stop.
    """

    progress: Callable[[Progress], None]
    canceled: Callable[[], bool]


def get(peer: Peer, wanted: Wanted, receiver: Receiver, watch: Watch) -> Progress:
    """Retrieve by C-GET: the objects come over this association into `receiver`.

    Raises
    ------
    WireError
        The peer could not be asked, or refused; the text says why.
    """
    classes = classes_of(peer, wanted.study_uid, wanted.series_uids)
    models = [(STUDY_ROOT_GET, QUERY_SYNTAXES), (PATIENT_ROOT_GET, QUERY_SYNTAXES)]
    pairs = storage_pairs(classes, len(models))
    roles = {abstract: Roles(scu=False, scp=True) for abstract, _ in pairs}
    association, refused = negotiate(peer, number_contexts([*models, *pairs]), roles=roles)
    operation = _Operation(association, wanted, watch, receiver=receiver, refused=refused)
    return operation.run(CommandField.C_GET, (STUDY_ROOT_GET, PATIENT_ROOT_GET))


def move(peer: Peer, wanted: Wanted, destination: str, watch: Watch) -> Progress:
    """Retrieve by C-MOVE: the peer sends the objects to the AE title `destination`, as it is configured there.

    Raises
    ------
    WireError
        The peer could not be asked, or refused; the text says why.
    """
    models = [(STUDY_ROOT_MOVE, QUERY_SYNTAXES), (PATIENT_ROOT_MOVE, QUERY_SYNTAXES)]
    association, _ = negotiate(peer, number_contexts(models))
    operation = _Operation(association, wanted, watch)
    return operation.run(CommandField.C_MOVE, (STUDY_ROOT_MOVE, PATIENT_ROOT_MOVE), destination)


class _Operation:
    """One C-GET or C-MOVE over one association."""

    def __init__(
        self,
        association: Association,
        wanted: Wanted,
        watch: Watch,
        *,
        receiver: Receiver | None = None,
        refused: str = "",
    ) -> None:
        self._association = association
        self._wanted = wanted
        self._watch = watch
        self._receiver = receiver
        self._refused = refused
        self._progress = Progress()
        self._is_cancel_sent = False

    def run(self, field: CommandField, models: Sequence[str], destination: str = "") -> Progress:
        try:
            progress = self._run(field, models, destination)
        except RequestRefused:
            self._association.release()
            raise
        except WireError:
            self._association.abort()
            raise
        self._association.release()
        return progress

    def _run(self, field: CommandField, models: Sequence[str], destination: str) -> Progress:
        found = (context_for(self._association, model) for model in models)
        context = next((context for context in found if context is not None), None)
        if context is None:
            raise RequestRefused(f"{field.name.replace('_', '-')} was not accepted ({self._refused})")
        command = request_of(field, context, self._association.next_message_id())
        if destination:
            command[Element.MOVE_DESTINATION] = destination
        identifier = encode_data_set(_identifier(self._wanted), context.transfer_syntax)
        self._association.send(context.context_id, command, identifier)
        return self._follow(context, command)

    def _follow(self, context: Context, command: dimse.Command) -> Progress:
        while True:
            message = self._association.receive()
            if message is None:
                raise ConnectionLost("the peer released the association before it had answered")
            if not dimse.is_response(message.command):
                self._store(message)
            elif self._count(message, command):
                return self._progress
            if not self._is_cancel_sent and self._watch.canceled():
                self._is_cancel_sent = True
                self._association.send(context.context_id, cancel_request(command))

    def _store(self, message: Message) -> None:
        field = dimse.number(message.command, Element.COMMAND_FIELD)
        if self._receiver is None or field != CommandField.C_STORE:
            raise ProtocolViolation("the peer asks instead of answering", AbortReason.UNEXPECTED_PARAMETER)
        self._receiver.store(self._association, message)

    def _count(self, message: Message, command: dimse.Command) -> bool:
        """Take what a response says; gives whether it is the last."""
        answer = message.command
        if dimse.number(answer, Element.MESSAGE_ID_RESPONDED_TO) != dimse.number(command, Element.MESSAGE_ID):
            raise ProtocolViolation("the peer answers what was not asked", AbortReason.UNEXPECTED_PARAMETER)
        self._association.discard()
        status = dimse.number(answer, Element.STATUS)
        now = self._progress
        self._progress = Progress(
            remaining=dimse.number(answer, Element.REMAINING, now.remaining or 0) if status in PENDING else 0,
            completed=dimse.number(answer, Element.COMPLETED, now.completed),
            failed=dimse.number(answer, Element.FAILED, now.failed),
            warning=dimse.number(answer, Element.WARNING, now.warning),
        )
        if status not in PENDING:
            self._end(status, dimse.text(answer, Element.ERROR_COMMENT))
        self._watch.progress(self._progress)
        return status not in PENDING

    def _end(self, status: int, comment: str) -> None:
        if status not in (0, CANCELED, WITH_FAILURES):
            raise RequestRefused(f"refused: {in_words(status, comment)}")
        reasons = []
        if status == WITH_FAILURES or self._progress.failed:
            reasons.append(in_words(WITH_FAILURES, comment))
            if self._refused:
                reasons.append(f"presentation contexts refused: {self._refused}")
        if self._receiver is not None and self._receiver.refusal:
            reasons.append(f"refused by this node: {self._receiver.refusal}")
        self._progress = replace(self._progress, canceled=status == CANCELED, message="; ".join(reasons))


def _identifier(wanted: Wanted) -> Dataset:
    dataset = Dataset()
    dataset.QueryRetrieveLevel = "SERIES" if wanted.series_uids else "STUDY"
    dataset.StudyInstanceUID = wanted.study_uid
    if wanted.series_uids:
        dataset.SeriesInstanceUID = list(wanted.series_uids)
    return dataset
