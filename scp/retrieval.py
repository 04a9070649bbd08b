"""What C-MOVE and C-GET have in common: picking objects, counting, responding (PS3.4 Sections C.4.2 and C.4.3)."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from archive import audit, retrieve
from archive.audit import Action
from archive.connection import Connection
from archive.database import Database
from archive.errors import InvalidQuery, NodeError, NotParsable
from archive.query import UNIQUE_KEYS, Key, Level, SingleValue, UidList
from archive.retrieve import StoredInstance
from routing.association import Message
from routing.dimse import Element, number
from routing.negotiation import IMPLICIT_VR_LITTLE_ENDIAN
from routing.sender import Outcome
from scp import elements, identifier
from scp.session import Session
from scp.statuses import Status, status_of

_FAILED_SOP_INSTANCES: Final = 0x00080058
_LARGEST_COUNT: Final = 0xFFFF
_WITH_FAILED_LIST: Final = frozenset(
    {Status.CANCELED, Status.SUBOPERATIONS_NOT_PERFORMED, Status.SUBOPERATIONS_WITH_FAILURES}
)


def pick(database: Database, session: Session, message: Message) -> list[StoredInstance]:
    """Read the identifier of a request and find what it asks for.

    Raises
    ------
    NotParsable, InvalidQuery
        The identifier is none, or has not the unique key of its level.
    """
    asked = identifier.understand(
        session.association.identifier(),
        sop_class_uid=message.context.abstract_syntax,
        implicit=message.context.transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN,
    )
    keys = {level: _unique(asked.keys, level) for level in Level if level.depth <= asked.level.depth}
    if not keys[asked.level]:
        raise InvalidQuery("The unique key of the level is missing.")
    patients = keys[Level.PATIENT]
    return database.read(
        retrieve.instances,
        session.caller.tenant,
        patient_id=patients[0] if patients else None,
        study_uids=keys.get(Level.STUDY, ()),
        series_uids=keys.get(Level.SERIES, ()),
        sop_uids=keys.get(Level.IMAGE, ()),
    )


def record_begin(database: Database, session: Session, instances: list[StoredInstance], destination: str) -> None:
    """Put on record which studies are about to be sent, to whom and for whom (PS3.15 Section A.5.3.3)."""
    studies = sorted({str(instance.study_instance_uid) for instance in instances})
    if studies:
        database.write(_record, session, studies, destination)


def _record(connection: Connection, session: Session, studies: list[str], destination: str) -> None:
    for study_uid in studies:
        audit.append(
            connection,
            session.caller.tenant,
            Action.INSTANCES_SENT,
            principal=session.caller.calling_ae_title,
            now=time.time(),
            address=session.caller.address,
            study_uid=study_uid,
            detail={"destination": destination},
        )


def refusal_of(error: NodeError) -> tuple[Status, str]:
    """Give the status of a request that cannot even be begun, PS3.4 Tables C.4-2 and C.4-3, and a comment."""
    status, comment = status_of(error)
    if isinstance(error, InvalidQuery | NotParsable):
        return status, comment
    return (Status.NO_MATCHES_COUNTED if status is Status.OUT_OF_RESOURCES else Status.CANNOT_UNDERSTAND), comment


def _unique(keys: Mapping[int, Key], level: Level) -> tuple[str, ...]:
    key = keys.get(UNIQUE_KEYS[level])
    if isinstance(key, SingleValue):
        return (key.value,)
    return key.values if isinstance(key, UidList) else ()


@dataclass(slots=True, kw_only=True)
class SubOperations:
    """The C-STORE sub-operations of one request, counted.

    Parameters
    ----------
    remaining
        Not yet begun.
    """

    remaining: int
    completed: int = 0
    warning: int = 0
    failed: list[str] = field(default_factory=list)

    def count(self, outcome: Outcome) -> None:
        """Count one that is done."""
        self.remaining -= 1
        if not outcome.stored:
            self.failed.append(str(outcome.instance.sop_instance_uid))
        elif outcome.warned:
            self.warning += 1
        else:
            self.completed += 1

    @property
    def status(self) -> Status:
        """The final status when all are done."""
        if self.failed and not self.completed and not self.warning:
            return Status.SUBOPERATIONS_NOT_PERFORMED
        return Status.SUBOPERATIONS_WITH_FAILURES if self.failed or self.warning else Status.SUCCESS

    def report(self, session: Session, message: Message) -> None:
        """Send a pending response."""
        session.answer(message, Status.PENDING, counts=(self._remaining(), *self._counts()))

    def finish(self, session: Session, message: Message, status: Status) -> None:
        """Send the final response; remaining sub-operations are counted only after a cancel (PS3.7 Table 9.1-4)."""
        session.association.forget_cancel(number(message.command, Element.MESSAGE_ID))
        counts = self._counts()
        if status is Status.CANCELED:
            counts = (self._remaining(), *counts)
        session.answer(message, status, counts=counts, data_set=self._failed_list(message, status))

    def _remaining(self) -> tuple[Element, int]:
        return Element.REMAINING, min(self.remaining, _LARGEST_COUNT)

    def _counts(self) -> tuple[tuple[Element, int], ...]:
        return (
            (Element.COMPLETED, min(self.completed, _LARGEST_COUNT)),
            (Element.FAILED, min(len(self.failed), _LARGEST_COUNT)),
            (Element.WARNING, min(self.warning, _LARGEST_COUNT)),
        )

    def _failed_list(self, message: Message, status: Status) -> bytes | None:
        """Encode what PS3.4 Section C.4.2.1.4.2 wants in each such response: empty when the rest was only canceled."""
        if status not in _WITH_FAILED_LIST and not self.failed:
            return None
        value = "\\".join(self.failed).encode("ascii", "replace")
        implicit = message.context.transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
        return elements.write([elements.Element(tag=_FAILED_SOP_INSTANCES, vr="UI", value=value)], implicit=implicit)
