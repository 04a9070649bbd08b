"""Places in the spool: new, locked, and some made ready for who sends a series."""

import errno
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from archive import reserved_room, spare_places, spool_places
from archive.early_flush import MOST_AT_ONCE, EarlyFlush
from archive.errors import StorageFailed
from archive.kernel_requests import KernelRequests, Unsupported
from archive.reserved_room import ExpectedSize
from archive.spare_places import SparePlaces
from archive.spool_files import Place, make_place
from archive.spool_folders import SpoolFolders
from archive.spool_places import Places
from tests.archive.test_early_flush import skip_without_flushes

LINGER_SECONDS = 0.2


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    folders = [tmp_path / "00", tmp_path / "01"]
    for folder in folders:
        folder.mkdir()
    return [str(folder) for folder in folders]


@pytest.fixture
def spares(folders: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[SparePlaces]:
    # What other tests of this process have stored is not what comes here.
    for module in (reserved_room, spare_places):
        monkeypatch.setattr(module, "EXPECTED", ExpectedSize())
    spares = SparePlaces(SpoolFolders(folders).make_place, LINGER_SECONDS)
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


def wait_until_ready(spares: SparePlaces) -> None:
    wait_for(lambda: len(spares._ready) > MOST_AT_ONCE)


def test_in_a_series_the_next_places_are_there_already(places: Places, spares: SparePlaces, folders: list[str]) -> None:
    in_a_row(places, 10)
    wait_until_ready(spares)
    ready = set(files(folders))
    for _ in range(MOST_AT_ONCE):
        place = places.take()
        assert Path(place.location) in ready
        place.discard()


def test_however_many_objects_come_there_are_not_more_places(
    places: Places, spares: SparePlaces, folders: list[str]
) -> None:
    for _ in range(50):
        in_a_row(places, 20)
        assert len(files(folders)) <= 3 * MOST_AT_ONCE
    wait_until_ready(spares)


def test_a_place_is_given_only_once(places: Places) -> None:
    in_a_row(places, 20)
    given: list[Place] = []
    for _ in range(200):
        given.append(places.take())
        places.make_ready()
    assert len({place.location for place in given}) == len({place.descriptor for place in given}) == len(given)
    for place in given:
        place.discard()


def test_what_lies_ready_was_flushed_and_is_empty(
    places: Places, spares: SparePlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: set[int] = set()
    flush = EarlyFlush.flush

    def note(flusher: EarlyFlush, descriptors: Sequence[int]) -> list[bool]:
        flushed.update(descriptors)
        return flush(flusher, descriptors)

    monkeypatch.setattr(EarlyFlush, "flush", note)
    skip_without_flushes()
    in_a_row(places, 10)
    wait_for(partial(bool, spares._ready))
    place = places.take()
    assert place.descriptor in flushed
    assert os.fstat(place.descriptor).st_size == 0
    place.discard()


@pytest.mark.parametrize(("users", "size", "is_flushed"), [(1, 0, True), (2, 0, False), (2, 500_000, True)])
def test_small_objects_of_several_associations_do_not_wait_for_flushes(
    spares: SparePlaces, monkeypatch: pytest.MonkeyPatch, users: int, size: int, is_flushed: bool
) -> None:
    skip_without_flushes()
    flushed: list[int] = []

    def note(_flush: EarlyFlush, descriptors: Sequence[int]) -> list[bool]:
        flushed.extend(descriptors)
        return [True] * len(descriptors)

    known = ExpectedSize()
    known.note(size)
    monkeypatch.setattr(spare_places, "EXPECTED", known)
    monkeypatch.setattr(EarlyFlush, "flush", note)
    monkeypatch.setattr(spares, "_users", users - 1)
    spares.join()
    wait_until_ready(spares)
    assert bool(flushed) == is_flushed


def test_while_files_are_flushed_nobody_gets_or_waits_for_them(
    places: Places, spares: SparePlaces, folders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_without_flushes()
    flushing, may_end = threading.Event(), threading.Event()
    flush = EarlyFlush.flush

    def take_long(flusher: EarlyFlush, descriptors: Sequence[int]) -> list[bool]:
        flushing.set()
        assert may_end.wait(10)
        return flush(flusher, descriptors)

    # The kernel has not said yet that it is done: a fault that it tells then would be told to nobody else.
    monkeypatch.setattr(EarlyFlush, "flush", take_long)
    in_a_row(places, 10)
    assert flushing.wait(10)
    on_their_way = set(files(folders))
    assert len(on_their_way) == MOST_AT_ONCE
    given = [places.take() for _ in range(40)]
    assert not on_their_way & {Path(place.location) for place in given}
    may_end.set()
    wait_until_ready(spares)
    for place in given:
        place.discard()


def test_a_file_that_could_not_be_flushed_is_not_used(
    places: Places, spares: SparePlaces, folders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_without_flushes()
    faulty: set[int] = set()

    def fail(_flush: EarlyFlush, descriptors: Sequence[int]) -> list[bool]:
        faulty.update(os.fstat(descriptor).st_ino for descriptor in descriptors[1:])
        return [number == 0 for number in range(len(descriptors))]

    monkeypatch.setattr(EarlyFlush, "flush", fail)
    opened = open_files()
    in_a_row(places, spool_places._OBJECTS_IN_A_ROW)
    wait_for(lambda: len(spares._ready) == 1)
    # One was without a fault; the others are gone, and those that come now are not flushed any more.
    assert len(faulty) == MOST_AT_ONCE - 1
    assert len(files(folders)) == 1
    in_a_row(places, 1)
    wait_until_ready(spares)
    assert len(faulty) == MOST_AT_ONCE - 1
    spares.close()
    assert files(folders) == []
    assert open_files() <= opened


@pytest.mark.parametrize("call", ["submit", "collect"])
def test_where_the_kernel_does_not_flush_places_are_made_all_the_same(
    places: Places, spares: SparePlaces, folders: list[str], monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*_arguments: object) -> int:
        if call == "submit":
            return -1
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(KernelRequests, call, refuse)
    in_a_row(places, 10)

    def have_come() -> bool:
        in_a_row(places, 1)
        return bool(spares._ready)

    wait_for(have_come)
    spares.close()
    assert files(folders) == []


def test_without_threads_places_are_made_when_they_are_wanted(
    places: Places, spares: SparePlaces, folders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        in_a_row(places, 60)
        places.let_go()
    assert files(folders) == []
    in_a_row(places, 60)
    wait_until_ready(spares)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_died_is_replaced(places: Places, spares: SparePlaces, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(_places: SparePlaces) -> bool:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(SparePlaces, "_goes_on", die)
        in_a_row(places, 10)
        thread = spares._thread
        assert thread is not None
        thread.join(10)
        places.let_go()
    in_a_row(places, 10)
    wait_until_ready(spares)


def test_one_that_still_stores_when_all_ends_leaves_nothing(
    places: Places, spares: SparePlaces, folders: list[str]
) -> None:
    in_a_row(places, 60)
    spares.close()
    in_a_row(places, 60)
    assert files(folders) == []


def test_without_such_requests_places_are_ready_too(
    places: Places, spares: SparePlaces, folders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> EarlyFlush:
        raise Unsupported

    monkeypatch.setattr(spare_places, "EarlyFlush", refuse)
    in_a_row(places, 60)
    wait_until_ready(spares)
    ready = files(folders)
    place = places.take()
    assert Path(place.location) in ready
    place.discard()


def test_what_was_made_ready_in_vain_is_removed_after_a_while(
    places: Places, spares: SparePlaces, folders: list[str]
) -> None:
    opened, running = open_files(), threading.active_count()
    in_a_row(places, 100)
    wait_until_ready(spares)
    places.let_go()
    wait_for(lambda: files(folders) == [])
    wait_for(lambda: open_files() == opened)
    wait_for(lambda: threading.active_count() == running)
    in_a_row(places, 3)
    places.let_go()
    assert files(folders) == []


def test_the_next_association_finds_what_the_last_one_left(
    places: Places, spares: SparePlaces, folders: list[str]
) -> None:
    spares._linger_seconds = 1.0
    in_a_row(places, 10)
    wait_until_ready(spares)
    places.let_go()
    left = set(files(folders))
    in_a_row(places, 10)
    time.sleep(1.5)
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
    places: Places, spares: SparePlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_row(places, 20)
    wait_until_ready(spares)

    def fail(*_arguments: object) -> int:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        while (spare := spares.take()) is not None:
            spare.discard()
        with pytest.raises(StorageFailed):
            places.take()
    # Once the disk is well again there are places again.
    places.take().discard()
    wait_until_ready(spares)
