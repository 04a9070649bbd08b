"""Room that places have on the disk before an object comes: what becomes of it, whatever comes."""

import errno
import os
import threading
from pathlib import Path

import pytest

from archive import reserved_room, spool, unbuffered
from archive.errors import StorageFailed
from archive.reserved_room import ExpectedSize, reserve, with_room
from archive.spool import SpoolFile
from archive.spool_files import Place, make_place
from tests.archive.test_unbuffered import UIDS

KIBIBYTE = 1024
ROOM = 512 * KIBIBYTE


@pytest.fixture
def expected(monkeypatch: pytest.MonkeyPatch) -> ExpectedSize:
    expected = ExpectedSize()
    for module in (reserved_room, spool, unbuffered):
        monkeypatch.setattr(module, "EXPECTED", expected)
    return expected


@pytest.fixture
def place(tmp_path: Path, expected: ExpectedSize) -> Place:
    expected.note(ROOM)
    place = with_room(make_place(str(tmp_path)))
    if not place.reserved:
        place.discard()
        pytest.skip("this file system reserves no room")
    return place


def blocks_of(path: Path) -> int:
    return path.stat().st_blocks * 512


def store(place: Place, content: bytes) -> None:
    """Send an object to a place: the file holds it, and nothing else."""
    spooling = SpoolFile(place, max_bytes=1 << 30, **UIDS)
    half = len(content) // 2
    spooling.write(content[:half])
    spooling.write(content[half:])
    spooled = spooling.finish()
    try:
        spooled.sync()
        assert spooled.path.read_bytes()[spooled.data_offset :] == content
        assert blocks_of(spooled.path) <= spooled.path.stat().st_size + 16 * KIBIBYTE
    finally:
        spooled.discard()


def test_after_a_large_object_a_place_has_as_much_room(place: Place) -> None:
    assert place.reserved == os.fstat(place.descriptor).st_size == ROOM
    assert blocks_of(Path(place.location)) >= ROOM
    place.discard()


@pytest.mark.parametrize("known", [0, 1, 100, ROOM, 3 * ROOM])
@pytest.mark.parametrize("size", [0, 10, 60_000, 70_000, ROOM - 1000, ROOM, ROOM + 1, 4 * ROOM])
def test_whatever_comes_the_file_holds_that_and_no_more(
    place: Place, expected: ExpectedSize, size: int, known: int
) -> None:
    # What the thread has met may differ from what the process has.
    if known:
        expected.note(known)
    store(place, os.urandom(size))


@pytest.mark.parametrize("size", [70_000, 2 * ROOM])
def test_where_it_goes_through_the_cache_the_file_holds_that_and_no_more(
    place: Place, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(unbuffered.UnbufferedFile, "begin", lambda *_: None)
    store(place, os.urandom(size))


def test_small_objects_and_very_large_ones_get_no_room(tmp_path: Path, expected: ExpectedSize) -> None:
    for size in (0, 100 << 20):
        expected.note(size)
        place = with_room(make_place(str(tmp_path)))
        assert place.reserved == os.fstat(place.descriptor).st_size == 0
        place.discard()


def test_what_came_last_tells_whether_room_is_needed(tmp_path: Path, expected: ExpectedSize) -> None:
    store(make_place(str(tmp_path)), os.urandom(ROOM))
    # With the file meta information.
    assert ROOM < expected.of_process == expected.of_thread < ROOM + 1000
    store(make_place(str(tmp_path)), b"small" * 100)
    assert expected.of_process == 0
    assert expected.of_thread > ROOM


def test_each_thread_knows_its_own_size(expected: ExpectedSize) -> None:
    expected.note(ROOM)
    others: list[int] = []

    def note() -> None:
        others.append(expected.of_thread)
        expected.note(7)
        others.append(expected.of_thread)

    thread = threading.Thread(target=note)
    thread.start()
    thread.join()
    assert others == [0, 7]
    assert (expected.of_thread, expected.of_process) == (ROOM, 7)


def test_a_disk_that_gives_only_a_part_gets_it_back(
    tmp_path: Path, expected: ExpectedSize, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_a_part(descriptor: int, offset: int, size: int) -> bool:
        reserve(descriptor, offset, size // 2)
        return False

    expected.note(ROOM)
    monkeypatch.setattr(reserved_room, "reserve", give_a_part)
    place = with_room(make_place(str(tmp_path)))
    assert (place.reserved, os.fstat(place.descriptor).st_size) == (0, 0)
    place.discard()


def test_a_disk_that_fails_leaves_no_place(
    tmp_path: Path, expected: ExpectedSize, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    expected.note(ROOM)
    monkeypatch.setattr(reserved_room, "reserve", lambda *_: False)
    monkeypatch.setattr(os, "ftruncate", fail)
    place = make_place(str(tmp_path))
    with pytest.raises(StorageFailed):
        with_room(place)
    assert list(tmp_path.iterdir()) == []
