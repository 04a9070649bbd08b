"""Places in the spool: new, locked, and one made ready for who sends a series."""

import errno
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from archive.errors import StorageFailed
from archive.spool_places import Place, Places, make_place


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    folders = [tmp_path / "00", tmp_path / "01"]
    for folder in folders:
        folder.mkdir()
    return [str(folder) for folder in folders]


@pytest.fixture
def places(folders: list[str]) -> Iterator[Places]:
    places = Places(folders)
    yield places
    places.let_go()


def files(folders: list[str]) -> list[Path]:
    return [path for folder in folders for path in Path(folder).iterdir()]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def in_a_row(places: Places, number: int) -> None:
    for _ in range(number):
        places.take().discard()
        places.make_ready()


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
    assert files(folders) == []


def test_in_a_series_the_next_place_is_there_already(places: Places, folders: list[str]) -> None:
    in_a_row(places, 20)
    (ready,) = files(folders)
    place = places.take()
    assert Path(place.location) == ready
    place.discard()


def test_what_was_made_ready_in_vain_is_removed(places: Places, folders: list[str]) -> None:
    in_a_row(places, 20)
    places.let_go()
    assert files(folders) == []
    in_a_row(places, 3)
    assert files(folders) == []


def test_each_thread_has_places_of_its_own(places: Places, folders: list[str]) -> None:
    in_a_row(places, 20)
    taken: list[Place] = []
    thread = threading.Thread(target=lambda: taken.append(places.take()))
    thread.start()
    thread.join()
    assert len(files(folders)) == 2
    taken[0].discard()


def test_the_folders_are_used_in_turn(places: Places, folders: list[str]) -> None:
    with ExitStack() as stack:
        used = set()
        for _ in range(600):
            place = places.take()
            stack.callback(place.discard)
            used.add(os.path.dirname(place.location))  # noqa: PTH120 - as the places are written
    assert used == set(folders)


def test_a_fault_while_nobody_waits_is_said_to_the_next_object(
    places: Places, folders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_row(places, 20)
    places.take().discard()

    def fail(*_arguments: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "open", fail)
    places.make_ready()
    with pytest.raises(StorageFailed):
        places.take()
    monkeypatch.undo()
    assert files(folders) == []
