"""The event log: everything in order, once, whoever writes and whoever reads."""

import threading
from dataclasses import fields
from typing import Any, get_args

import pytest

from archive import event_schema, events
from archive.database import Database
from archive.event_types import Event, JobProgress, SeriesComplete, StudyDeleted

NOW = 1_767_262_210.123


def test_a_message_looks_as_promised(database: Database) -> None:
    event = JobProgress(analyzer="mock", attempt=1, percent=40, text="looking")
    seq = database.write(events.append, "default", event, now=NOW, study_uid="1.2", series_uid="1.2.3", job_id=7)
    assert database.read(events.since, "default", 0, 10) == [
        {
            "seq": seq,
            "time": "2026-01-01T10:10:10.123Z",
            "type": "job.progress",
            "tenant": "default",
            "study_uid": "1.2",
            "series_uid": "1.2.3",
            "job_id": "7",
            "data": {"analyzer": "mock", "attempt": 1, "percent": 40, "text": "looking"},
        }
    ]


def test_a_reader_gets_what_came_after_its_last_message(database: Database) -> None:
    seqs = [database.write(events.append, "default", StudyDeleted(instances=n), now=NOW) for n in range(5)]
    assert [message["seq"] for message in database.read(events.since, "default", seqs[1], 2)] == seqs[2:4]
    assert database.read(events.last_seq) == seqs[-1]


def test_tenants_do_not_see_each_other(database: Database) -> None:
    database.write(events.append, "north", StudyDeleted(instances=1), now=NOW)
    database.write(events.append, "south", StudyDeleted(instances=2), now=NOW)
    assert [message["data"]["instances"] for message in database.read(events.since, "south", 0, 10)] == [2]
    assert len(database.read(events.since, None, 0, 10)) == 2
    assert database.read(events.last_seq, "nobody") == 0


def test_a_reader_never_sees_a_number_before_a_smaller_one(database: Database) -> None:
    """Writers commit in any order; the feed's `since` must not step over one that is slower."""
    writers = [threading.Thread(target=_write_many, args=(database,)) for _ in range(4)]
    for writer in writers:
        writer.start()
    seen: list[int] = []
    while any(writer.is_alive() for writer in writers) or len(seen) < 80:
        seen += [message["seq"] for message in database.read(events.since, "default", seen[-1] if seen else 0, 100)]
    for writer in writers:
        writer.join()
    everything = [message["seq"] for message in database.read(events.since, "default", 0, 100)]
    assert seen == everything == sorted(everything)


def _write_many(database: Database) -> None:
    for number in range(20):
        database.write(events.append, "default", SeriesComplete(instances=number, modality="CT"), now=NOW)


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.type)
def test_each_event_is_documented_and_in_the_schema(kind: Any) -> None:
    described = event_schema.schema()["$defs"][kind.__name__]
    assert described["description"]
    assert described["properties"]["type"] == {"const": kind.type}
    assert set(described["properties"]["data"]["properties"]) == {field.name for field in fields(kind)}


def test_the_types_are_those_of_the_interface() -> None:
    assert {kind.type for kind in get_args(Event)} == {
        "association.rejected",
        "instance.stored",
        "series.complete",
        *(
            f"job.{state}"
            for state in ("pending", "analyzing", "progress", "complete", "failed", "skipped", "canceled")
        ),
        *(f"result.{state}" for state in ("stored", "accepted", "rejected", "superseded")),
        *(f"delivery.{state}" for state in ("sent", "confirmed", "failed")),
        "study.deleted",
        # Beyond the interface: what modalities report by MPPS.
        "procedure-step.changed",
    }
