"""States of procedure steps, scheduled (our own, for the worklist) and performed (PS3.3 Section C.4.14)."""

from enum import StrEnum
from typing import Final


class EntryState(StrEnum):
    """What became of a worklist entry."""

    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    DISCONTINUED = "DISCONTINUED"


class StepState(StrEnum):
    """Performed Procedure Step Status (0040,0252)."""

    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    DISCONTINUED = "DISCONTINUED"


# What modalities are still told: a step that was begun may be gone on with at another console.
OPEN_STATES: Final = (EntryState.SCHEDULED.value, EntryState.IN_PROGRESS.value)
