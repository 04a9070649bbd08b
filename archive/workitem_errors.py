"""Why a request about a workitem is refused: the failures of PS3.4 Tables CC.2.1-2 to CC.2.6-1."""

from archive.errors import Conflict, InvalidQuery, NodeError


class WorkitemExists(Conflict):
    """A workitem with this SOP Instance UID exists."""


class NotCreatedScheduled(NodeError):
    """The provided value of UPS State was not SCHEDULED."""


class NoLongerUpdated(Conflict):
    """The UPS may no longer be updated."""


class WrongTransaction(NodeError):
    """The correct Transaction UID was not provided."""


class AlreadyInProgress(Conflict):
    """The UPS is already IN PROGRESS."""


class OnlyCreatedScheduled(NodeError):
    """The UPS may only become SCHEDULED via N-CREATE, not N-SET or N-ACTION."""


class FinalStateNotMet(Conflict):
    """The UPS has not met final state requirements for the requested state change."""


class NotInProgress(Conflict):
    """The UPS is not in the IN PROGRESS state."""


class AlreadyCompleted(Conflict):
    """The UPS is already COMPLETED."""


class PerformerNotContacted(Conflict):
    """The performer cannot be contacted."""


class SubscriberUnknown(NodeError):
    """The receiving AE title is unknown to this node."""


class ActionNotAppropriate(InvalidQuery):
    """The specified action is not appropriate for the specified instance."""


class PerformedHere(NodeError):
    """The node itself schedules or performs the step."""
