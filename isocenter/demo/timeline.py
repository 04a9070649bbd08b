"""The demo study's life as the status feed tells it, in words."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Words = Callable[[Mapping[str, Any]], str]

_WORDS: dict[str, Words] = {
    "series.complete": lambda data: f"series complete: {data['instances']} images of modality {data['modality']}",
    "job.pending": lambda data: f"pending: {data['analyzer']}",
    "job.analyzing": lambda data: f"analysing: {data['analyzer']}",
    "job.progress": lambda data: f"  {data['percent']:3d} % {data['text']} ({data['analyzer']})",
    "job.complete": lambda data: f"complete: {data['analyzer']}",
    "job.failed": lambda data: f"failed: {data['analyzer']}: {data['reason']}",
    "job.skipped": lambda data: f"skipped: {data['analyzer'] or 'no analyzer'}: {data['reason']}",
    "result.stored": lambda data: f"result stored: {data['modality']} by {data['analyzer']}",
    "delivery.sent": lambda data: f"delivered to {data['destination']}",
    "delivery.confirmed": lambda data: f"confirmed by {data['destination']}",
    "delivery.failed": lambda data: f"not delivered to {data['destination']}: {data['reason']}",
}


_ENDED = frozenset({"job.complete", "job.failed", "job.skipped", "job.canceled"})


class Timeline:
    """Turns the events of one study into lines with the seconds since its first image was sent.

    Parameters
    ----------
    study_uid
        The study.
    begun
        When its first image was sent.
    """

    def __init__(self, study_uid: str, begun: datetime) -> None:
        self._study_uid = study_uid
        self._begun = begun
        self._quarters: dict[str, int] = {}
        self._open_jobs: set[str] = set()
        self._delivered = False

    @property
    def is_over(self) -> bool:
        """Whether something was delivered and no job is left."""
        return self._delivered and not self._open_jobs

    def line(self, event: Mapping[str, Any]) -> str | None:
        """Take the next event and return its line; None for one that would only be noise."""
        if event["study_uid"] != self._study_uid:
            return None
        self._note(event)
        words = _WORDS.get(event["type"])
        if words is None or self._repeats(event) or self._is_of_result(event):
            return None
        seconds = (datetime.fromisoformat(event["time"]) - self._begun).total_seconds()
        return f"{seconds:7.2f} s  {words(event['data'])}"

    def _note(self, event: Mapping[str, Any]) -> None:
        if event["type"] == "job.pending":
            self._open_jobs.add(event["job_id"])
        elif event["type"] in _ENDED:
            self._open_jobs.discard(event["job_id"])
        elif event["type"] == "delivery.sent":
            self._delivered = True

    @staticmethod
    def _is_of_result(event: Mapping[str, Any]) -> bool:
        """Tell whether the event says that a result's own series is complete, which says nothing new."""
        return event["type"] == "series.complete" and event["data"]["modality"] in ("SR", "SEG")

    def _repeats(self, event: Mapping[str, Any]) -> bool:
        """Tell whether an event only says that little happened: progress is shown in quarters."""
        if event["type"] != "job.progress":
            return False
        quarter = int(event["data"]["percent"]) // 25
        seen = self._quarters.get(event["job_id"], 0)
        self._quarters[event["job_id"]] = max(quarter, seen)
        return quarter <= seen
