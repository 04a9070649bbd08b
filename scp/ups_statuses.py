"""DIMSE statuses of unified procedure steps: PS3.4 Tables CC.2.1-2, CC.2.2-2, CC.2.3-3, CC.2.5-2 and CC.2.6-1."""

from typing import Final

from archive.errors import DatabaseUnavailable, InvalidQuery, NodeError, NotFound, NotParsable
from archive.procedure_rules import AttributeMissing, AttributeNotAllowed, ValueMissing, ValueNotAllowed
from archive.workitem_errors import (
    ActionNotAppropriate,
    AlreadyCompleted,
    AlreadyInProgress,
    FinalStateNotMet,
    NoLongerUpdated,
    NotCreatedScheduled,
    NotInProgress,
    OnlyCreatedScheduled,
    PerformedHere,
    PerformerNotContacted,
    SubscriberUnknown,
    WorkitemExists,
    WrongTransaction,
)
from archive.workitem_states import Outcome
from scp.attribute_requests import InvalidUid
from scp.statuses import Status

_BY_OUTCOME: Final[dict[Outcome, Status]] = {
    Outcome.DONE: Status.SUCCESS,
    Outcome.CREATED_WITH_MODIFICATIONS: Status.UPS_CREATED_WITH_MODIFICATIONS,
    Outcome.LOCK_NOT_GRANTED: Status.UPS_LOCK_NOT_GRANTED,
    Outcome.ALREADY_CANCELED: Status.UPS_ALREADY_CANCELED,
    Outcome.ALREADY_COMPLETED: Status.UPS_ALREADY_COMPLETED,
}
# From the special to the general: the first class an error belongs to counts.
_BY_ERROR: Final[tuple[tuple[type[NodeError], Status], ...]] = (
    (NoLongerUpdated, Status.UPS_NO_LONGER_UPDATED),
    (WrongTransaction, Status.UPS_WRONG_TRANSACTION),
    (AlreadyInProgress, Status.UPS_ALREADY_IN_PROGRESS),
    (OnlyCreatedScheduled, Status.UPS_ONLY_CREATED_SCHEDULED),
    (FinalStateNotMet, Status.UPS_FINAL_STATE_NOT_MET),
    (SubscriberUnknown, Status.UPS_SUBSCRIBER_UNKNOWN),
    (NotCreatedScheduled, Status.UPS_NOT_CREATED_SCHEDULED),
    (NotInProgress, Status.UPS_NOT_IN_PROGRESS),
    (AlreadyCompleted, Status.UPS_CANNOT_CANCEL_COMPLETED),
    (PerformerNotContacted, Status.UPS_PERFORMER_NOT_CONTACTED),
    (ActionNotAppropriate, Status.UPS_ACTION_NOT_APPROPRIATE),
    (PerformedHere, Status.NOT_AUTHORIZED),
    (InvalidUid, Status.INVALID_INSTANCE),
    (AttributeMissing, Status.MISSING_ATTRIBUTE),
    (ValueMissing, Status.MISSING_ATTRIBUTE_VALUE),
    (ValueNotAllowed, Status.INVALID_ATTRIBUTE_VALUE),
    (AttributeNotAllowed, Status.NO_SUCH_ATTRIBUTE),
    (InvalidQuery, Status.INVALID_ARGUMENT_VALUE),
    (NotFound, Status.UPS_NO_SUCH_UPS),
    (WorkitemExists, Status.DUPLICATE_INSTANCE),
    (NotParsable, Status.PROCESSING_FAILURE),
    (DatabaseUnavailable, Status.RESOURCE_LIMITATION),
    (NodeError, Status.PROCESSING_FAILURE),
)


def status_of(outcome: Outcome) -> Status:
    """Give the status of a request that was not refused."""
    return _BY_OUTCOME[outcome]


def status_of_error(error: NodeError) -> Status:
    """Give the status of a refusal."""
    return next(status for kind, status in _BY_ERROR if isinstance(error, kind))
