"""The beginnings of many files, in order, and with few files open."""

from pathlib import Path

import pytest

from archive.beginnings import Beginnings, Place
from archive.errors import NotFound


def _files(folder: Path, count: int) -> list[Place]:
    for number in range(count):
        (folder / str(number)).write_bytes(b"meta" + number.to_bytes(4, "big") * 20_000)
    return [Place(folder / str(number), 4, 80_004) for number in range(count)]


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_all_come_in_order_with_their_sizes_and_few_are_open(tmp_path: Path) -> None:
    before, most = _open_files(), 0
    for number, beginning in enumerate(Beginnings(_files(tmp_path, 100))):
        assert beginning.content == number.to_bytes(4, "big") * (len(beginning.content) // 4)
        assert (len(beginning.content), beginning.size) == (32 << 10, 80_000)
        most = max(most, _open_files() - before)
    assert most <= 32
    assert _open_files() == before


def test_more_of_each_is_read_when_that_is_too_little(tmp_path: Path) -> None:
    read = Beginnings(_files(tmp_path, 4))
    lengths = []
    for beginning in read:
        lengths.append(len(beginning.content))
        read.grow()
    assert lengths == [32 << 10, 64 << 10, 80_000, 80_000]


def test_a_file_that_is_gone_is_said_to_be_when_it_is_its_turn(tmp_path: Path) -> None:
    before, places = _open_files(), _files(tmp_path, 5)
    places[3].path.unlink()
    found: list[int] = []
    with pytest.raises(NotFound):
        found.extend(beginning.size for beginning in Beginnings(places))
    assert len(found) <= 3
    assert _open_files() == before


def test_who_stops_in_the_middle_leaves_nothing_open(tmp_path: Path) -> None:
    before = _open_files()
    coming = iter(Beginnings(_files(tmp_path, 50)))
    next(coming)
    coming.close()  # type: ignore[attr-defined]  # it is a generator
    assert _open_files() == before
