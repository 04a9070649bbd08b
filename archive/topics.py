"""The topics that processes wake each other up for."""

from collections.abc import Sequence
from typing import Final

TOPICS: Final = ("events", "arrivals", "jobs", "deliveries", "notices", "retrievals", "config")


def require_topics(topics: Sequence[str]) -> None:
    """Refuse topics that nobody publishes: a spelling mistake would wait for ever."""
    unknown = set(topics) - set(TOPICS)
    if unknown:
        raise ValueError(f"no such topic: {', '.join(sorted(unknown))}")
