"""The states of a result."""

from enum import StrEnum
from typing import Final


class ResultState(StrEnum):
    """What became of a result."""

    PRELIMINARY = "preliminary"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


# Those that count: what a list shows when nobody asks for more.
CURRENT: Final = (ResultState.PRELIMINARY.value, ResultState.ACCEPTED.value)
