"""Places in the spool: new, locked, and some made ready for who sends a series."""

import errno
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from archive import spare_places
from archive.early_flush import MOST_AT_ONCE, EarlyFlush
from archive.errors import StorageFailed
from archive.kernel_requests import KernelRequests, Unsupported
from archive.spare_places import SparePlaces
from archive.spool_files import Place, make_place
from archive.spool_places import Places

LINGER_SECONDS = 0.2


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    folders = [tmp_path / "00", tmp_path / "01"]
    for folder in folders:
        folder.mkdir()
    return [str(folder) for folder in folders]


@pytest.fixture
def spares() -> Iterator[SparePlaces]:
    spares = SparePlaces(LINGER_SECONDS)
    yield spares
    spares.close()


@pytest.fixture
def places(folders: list[str], spares: SparePlaces) -> Places:
    return Places(folders, spares)


def files(folders: list[str]) -> list[Path]:
    return [path for folder in folders for path in Path(folder).iterdir()]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def in_a_row(places: Places, number: int) -> None:
    for _ in range(number):
        places.take().discard()
        places.make_ready()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_place_is_locked_against_a_sweep(folders: list[str]) -> None:
    place = make_place(folders[0])
    with Path(place.location).open("rb") as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    place.discard()
    assert files(folders) == []


def test_a_file_system_without_locks_is_a_fault_of_the_disk(
    folders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_files()

    def refuse(*_arguments: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StorageFailed):
        make_place(folders[0])
    assert files(folders) == []
    assert open_files() == opened


def test_after_a_few_objects_nothing_lies_about(places: Places, folders: list[str]) -> None:
    in_a_row(places, 3)
    places.let_go()
    assert files(folders) == []


def test_in_a_series_the_next_places_are_there_already(places: Places, folders: list[str]) -> None:
    in_a_row(places, 100)
    ready = set(files(folders))
    assert MOST_AT_ONCE < len(ready) <= 2 * MOST_AT_ONCE
    for _ in range(MOST_AT_ONCE):
        place = places.take()
        assert Path(place.location) in ready
        place.discard()


def test_a_place_is_given_only_once(places: Places) -> None:
    in_a_row(places, 20)
    given: list[Place] = []
    for _ in range(200):
        given.append(places.take())
        places.make_ready()
    assert len({place.location for place in given}) == len({place.descriptor for place in given}) == len(given)
    for place in given:
        place.discard()


def test_what_lies_ready_was_flushed_and_is_empty(places: Places, spares: SparePlaces) -> None:
    if not can_flush():
        pytest.skip("this system flushes nothing by itself")
    in_a_row(places, 40)
    wait_for(partial(has_ready, spares))
    place = places.take()
    assert os.fstat(place.descriptor).st_size == 0
    place.discard()


def has_ready(spares: SparePlaces) -> bool:
    with spares._guard:
        spares._collect()
    return bool(spares._ready)


def can_flush() -> bool:
    try:
        EarlyFlush().close()
    except Unsupported:
        return False
    return True


def test_while_a_file_is_flushed_nobody_gets_it(
    places: Places, spares: SparePlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_flush():
        pytest.skip("this system flushes nothing by itself")
    # The kernel has not said yet that it is done: a fault that it tells then would be told to nobody else.
    monkeypatch.setattr(EarlyFlush, "finished", lambda _: [])
    in_a_row(places, 40)
    flushed = set(spares._flushing.values())
    assert flushed
    given = [places.take() for _ in range(40)]
    assert not flushed & set(given)
    for place in given:
        place.discard()


def test_a_file_that_could_not_be_flushed_is_not_used(
    places: Places, spares: SparePlaces, folders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_flush():
        pytest.skip("this system flushes nothing by itself")
    finished = EarlyFlush.finished
    monkeypatch.setattr(EarlyFlush, "finished", lambda flush: [(number, False) for number, _ in finished(flush)])
    opened = open_files()
    in_a_row(places, 200)
    assert not spares._ready
    spares.close()
    assert files(folders) == []
    assert open_files() <= opened


@pytest.mark.parametrize("call", ["submit", "collect"])
def test_where_the_kernel_does_not_flush_places_are_made_all_the_same(
    places: Places, folders: list[str], monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*_arguments: object) -> int:
        if call == "submit":
            return -1
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(KernelRequests, call, refuse)
    in_a_row(places, 60)
    assert len(files(folders)) <= 2 * MOST_AT_ONCE
    in_a_row(places, 60)
    assert len(files(folders)) == 1


def test_more_files_than_fit_are_flushed_later(tmp_path: Path) -> None:
    if not can_flush():
        pytest.skip("this system flushes nothing by itself")
    flush = EarlyFlush()
    with ExitStack() as stack:
        descriptors = []
        for number in range(MOST_AT_ONCE + 1):
            descriptors.append(os.open(tmp_path / str(number), os.O_RDWR | os.O_CREAT))
            stack.callback(os.close, descriptors[-1])
        assert flush.begin(descriptors) == MOST_AT_ONCE
        done: list[tuple[int, bool]] = []

        def is_done() -> bool:
            done.extend(flush.finished())
            return flush.is_idle

        wait_for(is_done)
        assert sorted(done) == [(number, True) for number in range(MOST_AT_ONCE)]
    flush.close()


def test_a_slow_flush_holds_nobody_up_and_nothing_is_lost(
    places: Places, spares: SparePlaces, folders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_flush():
        pytest.skip("this system flushes nothing by itself")
    finished, rounds = EarlyFlush.finished, count()
    # Each flush is heard of only long after the next sixteen files are there.
    monkeypatch.setattr(EarlyFlush, "finished", lambda flush: finished(flush) if next(rounds) % 40 == 39 else [])
    opened = open_files()
    in_a_row(places, 400)
    assert len(files(folders)) <= 2 * MOST_AT_ONCE
    spares.close()
    assert files(folders) == []
    assert open_files() <= opened


def test_without_threads_what_lies_ready_is_removed_at_once(
    places: Places, folders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_row(places, 60)

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        places.let_go()
    assert files(folders) == []
    in_a_row(places, 60)
    assert files(folders)


def test_one_that_still_stores_when_all_ends_leaves_nothing(
    places: Places, spares: SparePlaces, folders: list[str]
) -> None:
    in_a_row(places, 60)
    spares.close()
    in_a_row(places, 60)
    assert files(folders) == []


def test_without_such_requests_one_place_is_ready(
    places: Places, folders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> EarlyFlush:
        raise Unsupported

    monkeypatch.setattr(spare_places, "EarlyFlush", refuse)
    in_a_row(places, 60)
    (ready,) = files(folders)
    place = places.take()
    assert Path(place.location) == ready
    place.discard()


def test_what_was_made_ready_in_vain_is_removed_after_a_while(places: Places, folders: list[str]) -> None:
    opened = open_files()
    in_a_row(places, 100)
    places.let_go()
    wait_for(lambda: files(folders) == [])
    # Two of them are those of the requests to the kernel.
    assert open_files() <= opened + 2
    in_a_row(places, 3)
    places.let_go()
    assert files(folders) == []


def test_the_next_association_finds_what_the_last_one_left(places: Places, folders: list[str]) -> None:
    in_a_row(places, 100)
    places.let_go()
    left = set(files(folders))
    in_a_row(places, 10)
    time.sleep(2 * LINGER_SECONDS)
    assert left & set(files(folders))


def test_the_end_of_one_association_takes_nothing_from_another(places: Places, folders: list[str]) -> None:
    in_a_row(places, 100)

    def use() -> None:
        in_a_row(places, 20)
        places.let_go()

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    time.sleep(2 * LINGER_SECONDS)
    assert len(files(folders)) > 1


def test_threads_share_what_is_ready(places: Places, folders: list[str]) -> None:
    given: list[Place] = []
    guard = threading.Lock()

    def take() -> None:
        for _ in range(300):
            place = places.take()
            with guard:
                given.append(place)
            places.make_ready()
        places.let_go()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({place.location for place in given}) == len(given) == 1200
    assert {Path(place.location) for place in given} <= set(files(folders))
    for place in given:
        place.discard()
    wait_for(lambda: files(folders) == [])


def test_the_folders_are_used_in_turn(places: Places, folders: list[str]) -> None:
    with ExitStack() as stack:
        used = set()
        for _ in range(600):
            place = places.take()
            stack.callback(place.discard)
            used.add(os.path.dirname(place.location))  # noqa: PTH120 - as the places are written
    assert used == set(folders)


def test_a_fault_while_nobody_waits_is_said_to_the_next_object(
    places: Places, spares: SparePlaces, folders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_row(places, 20)

    def fail(*_arguments: object) -> int:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        for _ in range(3 * MOST_AT_ONCE):
            places.make_ready()
            if (spare := spares.take()) is not None:
                spare.discard()
        spares._remove()
        with pytest.raises(StorageFailed):
            places.take()
    assert files(folders) == []
