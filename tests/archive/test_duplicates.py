"""One SOP Instance UID, sent more than once: nothing is lost, and there is exactly one row."""

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, update

from archive.blobs import FileBlobs
from archive.consistency import check
from archive.database import Database
from archive.errors import DuplicateRefused, StorageFailed
from archive.ingest import Archive, Duplicates, Outcome
from archive.tables import arrival, instance, obsolete_blob, quarantine
from tests.archive.objects import STUDY, send_slice


def files(blobs: FileBlobs) -> list[Path]:
    return [path for path in blobs.root.rglob("*") if path.is_file()]


def count_rows(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(instance)) or 0


def blob_key(connection: Connection) -> str:
    return str(connection.scalars(select(instance.c.blob_key)).one())


def outcomes(connection: Connection) -> list[str]:
    return list(connection.scalars(select(arrival.c.outcome).order_by(arrival.c.id)))


def test_the_same_bytes_again_are_acknowledged_and_change_nothing(archive: Archive) -> None:
    send_slice(archive)
    key = archive.database.read(blob_key)
    assert send_slice(archive).outcome is Outcome.DUPLICATE
    assert archive.database.read(blob_key) == key
    assert files(archive.blobs) == [archive.blobs.path(key)]
    assert archive.database.read(outcomes) == ["stored"]


def test_other_bytes_are_refused_when_the_first_are_kept(archive: Archive) -> None:
    send_slice(archive)
    key = archive.database.read(blob_key)
    with pytest.raises(DuplicateRefused):
        send_slice(archive, PatientName="Roe^Jane")
    assert files(archive.blobs) == [archive.blobs.path(key)]


def test_what_was_kept_with_another_kind_of_hash_is_known_again(archive: Archive) -> None:
    send_slice(archive)
    key = archive.database.read(blob_key)
    offset = archive.database.read(lambda connection: connection.scalars(select(instance.c.data_offset)).one())
    sha256 = hashlib.sha256(archive.blobs.path(key).read_bytes()[offset:]).hexdigest()
    archive.database.write(lambda connection: connection.execute(update(instance).values(content_hash=sha256)))
    assert send_slice(archive).outcome is Outcome.DUPLICATE
    with pytest.raises(DuplicateRefused):
        send_slice(archive, PatientName="Roe^Jane")
    assert check(archive.database, archive.blobs, repair=False).damaged == []


def test_one_whose_former_hash_cannot_be_had_fails_alone(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    send_slice(archive)
    archive.database.write(lambda connection: connection.execute(update(instance).values(content_hash="0" * 64)))

    def fail(_path: Path, _offset: int) -> str:
        raise StorageFailed

    monkeypatch.setattr("archive.commit.former_hash", fail)
    key = archive.database.read(blob_key)
    with pytest.raises(StorageFailed):
        send_slice(archive)
    assert files(archive.blobs) == [archive.blobs.path(key)]
    assert send_slice(archive, 2).outcome is Outcome.STORED


def test_other_bytes_are_put_aside_when_both_are_kept(database: Database, blobs: FileBlobs) -> None:
    with Archive(database, blobs, duplicates=Duplicates.KEEP_BOTH) as archive:
        send_slice(archive)
        assert send_slice(archive, PatientName="Roe^Jane").outcome is Outcome.QUARANTINED
    aside = database.read(lambda connection: connection.execute(select(quarantine)).one())
    assert database.read(outcomes) == ["stored", "quarantined"]
    assert set(files(blobs)) == {blobs.path(aside.blob_key), blobs.path(database.read(blob_key))}
    assert database.read(count_rows) == 1


def test_other_bytes_replace_the_first_where_that_is_wanted(database: Database, blobs: FileBlobs) -> None:
    with Archive(database, blobs, duplicates=Duplicates.REPLACE) as archive:
        send_slice(archive, PhotometricInterpretation="MONOCHROME2")
        old = database.read(blob_key)
        assert send_slice(archive, PhotometricInterpretation="MONOCHROME1").outcome is Outcome.REPLACED
    assert files(blobs) == [blobs.path(database.read(blob_key))]
    assert database.read(lambda c: c.scalars(select(instance.c.photometric_interpretation)).one()) == "MONOCHROME1"
    assert database.read(outcomes) == ["stored", "replaced"]
    assert database.read(lambda c: c.scalars(select(obsolete_blob.c.blob_key)).one()) == old


def test_a_uid_that_comes_back_in_another_study_is_a_duplicate_too(archive: Archive) -> None:
    send_slice(archive)
    with pytest.raises(DuplicateRefused):
        send_slice(archive, StudyInstanceUID=STUDY + ".9")
    assert archive.database.read(count_rows) == 1


def test_an_object_may_move_to_another_study_where_replacing_is_wanted(database: Database, blobs: FileBlobs) -> None:
    with Archive(database, blobs, duplicates=Duplicates.REPLACE) as archive:
        send_slice(archive)
        assert send_slice(archive, StudyInstanceUID=STUDY + ".9").outcome is Outcome.REPLACED
    assert database.read(lambda c: c.scalars(select(instance.c.study_instance_uid)).one()) == STUDY + ".9"


def outcome_of(archives: Sequence[Archive], number: int, names: Sequence[str], sender: int) -> Outcome:
    return send_slice(archives[sender], number, PatientName=names[sender]).outcome


def at_once(act: Callable[[int], object], count: int) -> list[object]:
    """Call `act` in `count` threads that start together; return results and errors."""
    barrier = threading.Barrier(count)

    def call(number: int) -> object:
        barrier.wait()
        try:
            return act(number)
        except DuplicateRefused as error:
            return type(error)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(call, range(count)))


def test_the_same_object_twice_at_once_makes_one_row(archive: Archive) -> None:
    rounds = 100
    found: Counter[object] = Counter()
    for number in range(rounds):
        found.update(at_once(partial(outcome_of, [archive] * 2, number, ["A^A"] * 2), 2))
    assert found == {Outcome.STORED: rounds, Outcome.DUPLICATE: rounds}
    assert archive.database.read(count_rows) == rounds
    assert len(files(archive.blobs)) == rounds


def test_different_objects_of_one_uid_at_once_make_one_row(archive: Archive) -> None:
    names = ("A^A", "B^B", "C^C", "D^D")
    for number in range(25):
        found = at_once(partial(outcome_of, [archive] * 4, number, names), 4)
        assert Counter(found) == {Outcome.STORED: 1, DuplicateRefused: 3}
    assert archive.database.read(count_rows) == 25
    assert len(files(archive.blobs)) == 25


def test_two_processes_that_receive_one_object_make_one_row(database_url: str, blobs: FileBlobs) -> None:
    with (
        Database(database_url) as first,
        Database(database_url) as second,
        Archive(first, blobs) as one,
        Archive(second, blobs) as other,
    ):
        for number in range(25):
            found = at_once(partial(outcome_of, [one, other], number, ["A^A"] * 2), 2)
            assert set(found) == {Outcome.STORED, Outcome.DUPLICATE}
        assert first.read(count_rows) == 25


def test_new_studies_from_many_associations_at_once_do_not_lock_each_other_out(
    database_url: str, blobs: FileBlobs
) -> None:
    with (
        Database(database_url) as first,
        Database(database_url) as second,
        Archive(first, blobs) as one,
        Archive(second, blobs) as other,
    ):

        def send_studies(thread: int) -> int:
            archive = (one, other)[thread % 2]
            # Opposite orders: what locks rows one by one deadlocks here.
            numbers = range(20) if thread < 2 else reversed(range(20))
            for number in numbers:
                send_slice(archive, thread * 100 + number, StudyInstanceUID=f"{STUDY}.{number}")
            return 20

        assert at_once(send_studies, 4) == [20] * 4
        assert first.read(count_rows) == 80
