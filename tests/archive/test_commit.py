"""The group commit: one transaction for all that wait, none waits for company, none fails for its neighbour."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select

from archive.database import Database
from archive.direct import DirectTransactions
from archive.errors import DatabaseUnavailable, UidMismatch
from archive.index import Record, Row, instance_row
from archive.ingest import Archive, Outcome, Stored
from archive.tables import instance, series
from tests.archive.objects import send_slice, sop_uid
from tests.waiting import wait_until


def count(archive: Archive) -> int:
    return archive.database.read(lambda c: c.scalar(select(func.count()).select_from(instance))) or 0


@contextmanager
def commit_in_progress(archive: Archive) -> Iterator[None]:
    """Hold the place of a commit, so that all who come meanwhile wait."""
    with archive._commits._committing:
        yield


def send_together(archive: Archive, numbers: range) -> list[Future[Stored]]:
    """Send objects from as many threads, so that they are all waiting for one commit."""
    threads = ThreadPoolExecutor(len(numbers))
    with commit_in_progress(archive):
        sent = [threads.submit(send_slice, archive, number) for number in numbers]
        wait_until(lambda: len(archive._commits._waiting) == len(numbers))
    threads.shutdown()
    return sent


@pytest.fixture
def transactions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give a list that grows with each write transaction."""
    calls: list[int] = []

    def count_calls(owner: type, name: str) -> None:
        function = getattr(owner, name)

        def counted(*arguments: object, **named: object) -> object:
            calls.append(1)
            return function(*arguments, **named)

        monkeypatch.setattr(owner, name, counted)

    count_calls(Database, "write")
    count_calls(DirectTransactions, "run")
    return calls


def test_all_that_wait_share_one_transaction(archive: Archive, transactions: list[int]) -> None:
    sent = send_together(archive, range(10))
    assert [future.result().outcome for future in sent] == [Outcome.STORED] * 10
    assert len(transactions) == 1
    assert count(archive) == 10


def test_a_lone_object_is_committed_at_once(archive: Archive, transactions: list[int]) -> None:
    send_slice(archive)
    assert len(transactions) == 1


def test_those_of_a_known_series_share_one_transaction_too(archive: Archive, transactions: list[int]) -> None:
    send_slice(archive, 99)
    transactions.clear()
    sent = send_together(archive, range(10))
    assert [future.result().outcome for future in sent] == [Outcome.STORED] * 10
    assert len(transactions) == 1
    assert count(archive) == 11


def test_a_known_object_among_new_ones_of_a_known_series_is_found_to_be_a_duplicate(archive: Archive) -> None:
    send_slice(archive, 3)
    sent = send_together(archive, range(6))
    outcomes = [future.result().outcome for future in sent]
    assert outcomes == [Outcome.DUPLICATE if number == 3 else Outcome.STORED for number in range(6)]
    assert count(archive) == 6


def test_the_first_waits_a_moment_for_those_on_the_way(
    archive: Archive, transactions: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.commit._COMPANY_SECONDS", 30.0)
    send_slice(archive, 99)
    transactions.clear()
    second = archive._commits.expect()
    with ThreadPoolExecutor() as threads:
        first = threads.submit(send_slice, archive, 1)
        wait_until(archive._commits._committing.locked)
        assert not transactions
        other = threads.submit(send_slice, archive, 2)
        wait_until(lambda: len(archive._commits._waiting) == 2)
        # It was refused, and will not come.
        second.arrive()
        assert [first.result().outcome, other.result().outcome] == [Outcome.STORED] * 2
    assert len(transactions) == 1


def test_nobody_is_waited_for_that_was_refused_on_the_way(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.commit._COMPANY_SECONDS", 30.0)
    with pytest.raises(UidMismatch):
        send_slice(archive, 1, StudyInstanceUID="")
    begun = time.monotonic()
    send_slice(archive, 2)
    assert time.monotonic() - begun < 10.0


def test_one_that_the_database_refuses_does_not_fail_its_neighbours(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(record: Record) -> Row:
        row = instance_row(record)
        return row | {"content_hash": None} if record.header.sop_instance_uid == sop_uid(3) else row

    monkeypatch.setattr("archive.index.instance_row", spoil)
    sent = send_together(archive, range(6))
    assert isinstance(sent[3].exception(), DatabaseUnavailable)
    assert [future.result().outcome for future in sent if future is not sent[3]] == [Outcome.STORED] * 5
    assert count(archive) == 5
    assert len([path for path in archive.blobs.root.rglob("*.dcm") if path.is_file()]) == 5


def test_a_series_that_vanished_is_made_again_for_all_that_wait(archive: Archive) -> None:
    send_slice(archive, 99)
    archive.database.write(lambda c: c.execute(series.delete()))
    sent = send_together(archive, range(4))
    assert [future.result().outcome for future in sent] == [Outcome.STORED] * 4
    assert count(archive) == 4


def test_keys_of_series_that_vanished_are_never_given_to_others(archive: Archive) -> None:
    send_slice(archive, 1)
    archive.database.write(lambda c: c.execute(series.delete()))
    other = Archive(archive.database, archive.blobs)
    send_slice(other, 2, SeriesInstanceUID="1.2.3.99")
    send_slice(archive, 3)
    statement = select(instance.c.series_instance_uid, series.c.series_instance_uid).join(series)
    assert all(
        of_instance == of_series
        for of_instance, of_series in archive.database.read(lambda c: c.execute(statement).all())
    )
