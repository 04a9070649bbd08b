"""Modality performed procedure step: N-CREATE, N-SET and N-GET (PS3.4 Annex F)."""

import time
from collections.abc import Callable
from typing import Final

import structlog

from archive import procedure_steps
from archive.bus import Bus
from archive.database import Database
from archive.errors import Conflict, DatabaseUnavailable, NodeError, NotFound, NotParsable
from archive.procedure_rules import (
    AttributeMissing,
    AttributeNotAllowed,
    StepFinal,
    ValueMissing,
    ValueNotAllowed,
)
from archive.procedure_states import StepState
from archive.uids import is_valid_uid
from routing.association import Message
from routing.dimse import Element
from scp.attribute_requests import InvalidUid, answer_attributes, attributes_of, is_creation, uid_of, with_uid
from scp.contexts import MODALITY_PERFORMED_PROCEDURE_STEP, MODALITY_PERFORMED_PROCEDURE_STEP_RETRIEVE
from scp.session import Session
from scp.statuses import Status

_log = structlog.get_logger()


# PS3.4 Section F.7.2.2.2: "may no longer be updated", told by this Error ID beside 0110H.
_NO_LONGER_UPDATED: Final = 0xA710
# PS3.7 Sections 10.1.5.1.6 and 10.1.3.1.9: what N-CREATE and N-SET answer.
_STATUSES: Final[tuple[tuple[type[NodeError], Status, str], ...]] = (
    (InvalidUid, Status.INVALID_INSTANCE, "SOP Instance UID is not valid"),
    (AttributeMissing, Status.MISSING_ATTRIBUTE, ""),
    (ValueMissing, Status.MISSING_ATTRIBUTE_VALUE, ""),
    (ValueNotAllowed, Status.INVALID_ATTRIBUTE_VALUE, ""),
    (AttributeNotAllowed, Status.NO_SUCH_ATTRIBUTE, "Attribute not allowed in N-SET"),
    (StepFinal, Status.PROCESSING_FAILURE, "Performed Procedure Step may no longer be updated"),
    (Conflict, Status.DUPLICATE_INSTANCE, "Procedure step exists"),
    (NotFound, Status.NO_SUCH_INSTANCE, "No such procedure step"),
    (NotParsable, Status.PROCESSING_FAILURE, "Attribute list cannot be parsed"),
    (DatabaseUnavailable, Status.PROCESSING_FAILURE, "Database is not available"),
    (NodeError, Status.PROCESSING_FAILURE, "Processing failure"),
)


class PerformedProcedureSteps:
    """The service of both requests.

    Parameters
    ----------
    database
        Where steps are kept.
    bus
        Wakes those who show steps, and those who wait for series to be complete.
    clock
        Seconds since the epoch.
    """

    verb = "mpps"

    def __init__(self, database: Database, bus: Bus, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock

    def serves(self, abstract_syntax: str) -> bool:
        """Serve Modality Performed Procedure Step."""
        return abstract_syntax == MODALITY_PERFORMED_PROCEDURE_STEP

    def handle(self, session: Session, message: Message) -> None:
        """Keep what a modality says, then answer."""
        message = with_uid(message)
        try:
            self._keep(session, message)
        except NodeError as error:
            _refuse(session, message, error)
        else:
            session.answer(message, Status.SUCCESS)

    def _keep(self, session: Session, message: Message) -> None:
        attributes = attributes_of(session, message)
        creates, uid = is_creation(message), uid_of(message)
        if creates and not is_valid_uid(uid):
            raise InvalidUid
        function = procedure_steps.create if creates else procedure_steps.change
        caller = session.caller
        state = self._database.write(
            function, caller.tenant, uid, attributes, calling_ae_title=caller.calling_ae_title, now=self._clock()
        )
        _log.info("procedure_step", association=session.association_id, sop_instance_uid=uid, state=state.value)
        self._bus.publish("events")
        if state is StepState.COMPLETED:
            self._bus.publish("arrivals")


class RetrievedProcedureSteps:
    """The service that gives out steps (Modality Performed Procedure Step Retrieve, PS3.4 Section F.8).

    Parameters
    ----------
    database
        Where steps are kept.
    """

    verb = "mpps"

    def __init__(self, database: Database) -> None:
        self._database = database

    def serves(self, abstract_syntax: str) -> bool:
        """Serve Modality Performed Procedure Step Retrieve, and the class of the steps themselves."""
        return abstract_syntax in {
            MODALITY_PERFORMED_PROCEDURE_STEP_RETRIEVE,
            MODALITY_PERFORMED_PROCEDURE_STEP,
        }

    def handle(self, session: Session, message: Message) -> None:
        """Answer one N-GET."""
        try:
            found = self._database.read(procedure_steps.attributes_of, session.caller.tenant, uid_of(message))
        except NodeError as error:
            session.association.discard()
            _refuse(session, message, error)
        else:
            answer_attributes(session, message, found, procedure_steps.SUPPORTED)


def _refuse(session: Session, message: Message, error: NodeError) -> None:
    status, comment = next((status, comment) for kind, status, comment in _STATUSES if isinstance(error, kind))
    _log.info("procedure_step_refused", association=session.association_id, reason=type(error).__name__)
    # What is missing is told by its keyword: nothing of a patient is in it.
    error_id = ((Element.ERROR_ID, _NO_LONGER_UPDATED),) if isinstance(error, StepFinal) else ()
    session.answer(message, status, comment=comment or error.detail, counts=error_id)
