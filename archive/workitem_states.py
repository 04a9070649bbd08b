"""States of unified procedure steps, and what is answered beside plain success (PS3.4 Annex CC)."""

from enum import Enum, StrEnum, auto
from typing import Final


class WorkitemState(StrEnum):
    """Procedure Step State (0074,1000), PS3.4 Table CC.1.1-1."""

    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


FINAL: Final = (WorkitemState.COMPLETED.value, WorkitemState.CANCELED.value)


class Outcome(Enum):
    """What became of a request that was not refused; all but the first are warnings."""

    DONE = auto()
    CREATED_WITH_MODIFICATIONS = auto()
    LOCK_NOT_GRANTED = auto()
    ALREADY_CANCELED = auto()
    ALREADY_COMPLETED = auto()


class Channel(StrEnum):
    """How a subscriber is told of events."""

    DIMSE = "dimse"
    WEBSOCKET = "websocket"


class Event(int, Enum):
    """Event Type IDs of PS3.4 Table CC.2.4-1."""

    STATE_REPORT = 1
    CANCEL_REQUESTED = 2
    PROGRESS_REPORT = 3
    SCP_STATUS_CHANGE = 4
    ASSIGNED = 5
