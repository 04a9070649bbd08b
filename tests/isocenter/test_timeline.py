"""The demo tells a study's life in lines, without what would only be noise."""

from datetime import UTC, datetime
from typing import Any

from isocenter.demo.timeline import Timeline

BEGUN = datetime(2026, 1, 5, 10, 0, 0, tzinfo=UTC)


def event(kind: str, second: int = 1, *, study: str = "1.2", job: str | None = None, **data: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "time": f"2026-01-05T10:00:{second:02d}.500Z",
        "study_uid": study,
        "job_id": job,
        "data": data,
    }


def test_a_line_says_when_and_what() -> None:
    line = Timeline("1.2", BEGUN).line(event("series.complete", 2, instances=120, modality="CT"))
    assert line == "   2.50 s  series complete: 120 images of modality CT"


def test_other_studies_and_the_results_own_series_are_left_out() -> None:
    timeline = Timeline("1.2", BEGUN)
    assert timeline.line(event("series.complete", study="9", instances=1, modality="CT")) is None
    assert timeline.line(event("series.complete", instances=1, modality="SR")) is None
    assert timeline.line(event("instance.stored", count=1, total=1, source="X")) is None


def test_progress_is_told_in_quarters() -> None:
    timeline = Timeline("1.2", BEGUN)
    lines = [
        timeline.line(event("job.progress", job="1", percent=percent, text="Thinking", analyzer="mock"))
        for percent in (0, 10, 30, 40, 60, 99)
    ]
    assert [bool(line) for line in lines] == [False, False, True, False, True, True]


def test_it_is_over_when_all_jobs_ended_and_something_was_delivered() -> None:
    timeline = Timeline("1.2", BEGUN)
    for kind, job in (("job.pending", "1"), ("job.pending", "2"), ("job.complete", "1")):
        timeline.line(event(kind, job=job, analyzer="mock"))
    timeline.line(event("delivery.sent", destination="PACS1"))
    assert not timeline.is_over
    timeline.line(event("job.failed", job="2", analyzer="mock", reason="x"))
    assert timeline.is_over
