"""Large files past the page cache: the same bytes as ever, and every fault of the disk is told."""

import ctypes
import errno
import mmap
import os
import resource
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from archive import kernel_requests, unbuffered
from archive.disk_requests import SEGMENT_BYTES, SEGMENTS, DiskRequests
from archive.errors import StorageFailed
from archive.kernel_requests import Unsupported
from archive.reserved_room import reserve
from archive.spool import SpoolFile
from archive.spool_files import make_place
from archive.unbuffered import UnbufferedFile

WHOLE = SEGMENT_BYTES * SEGMENTS
UIDS = {"sop_class_uid": "1.2", "sop_instance_uid": "1.2.3", "transfer_syntax_uid": "1.2.840.10008.1.2.1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder whose file system takes unbuffered writes."""
    folder = tmp_path_factory.mktemp("unbuffered")
    with writing(folder / "try") as file:
        if file is None:
            pytest.skip("this file system has no unbuffered writes")
    return folder


class writing:  # noqa: N801 - used like a function
    """Begin an unbuffered file, and let go of it at the end."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)

    def __enter__(self) -> UnbufferedFile | None:
        self._file = UnbufferedFile.begin(self._descriptor, 0)
        return self._file

    def __exit__(self, *_exc: object) -> None:
        if self._file is not None:
            self._file.abandon()
        os.close(self._descriptor)


def write(path: Path, pieces: list[bytes]) -> None:
    with writing(path) as file:
        assert file is not None
        for piece in pieces:
            file.write(piece)
        file.finish()
        file.wait()


def content(size: int, seed: int = 0) -> bytes:
    return (seed.to_bytes(8, "little") + bytes(range(251))) * (size // 259 + 1)


@pytest.mark.parametrize(
    "size",
    [0, 1, 4095, 4096, 4097, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, WHOLE, WHOLE + 1, 5 * WHOLE + 4097],
)
def test_a_file_of_any_size_holds_what_was_written(folder: Path, size: int) -> None:
    expected = content(size)[:size]
    write(folder / "file", [expected])
    assert (folder / "file").read_bytes() == expected


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 300_000), max_size=12))
def test_pieces_of_any_size_come_one_behind_the_other(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    path = tmp_path_factory.getbasetemp() / "pieces"
    pieces = [content(size, number)[:size] for number, size in enumerate(sizes)]
    with writing(path) as file:
        if file is None:
            pytest.skip("this file system has no unbuffered writes")
        for piece in pieces:
            file.write(piece)
        file.finish()
        file.wait()
    assert path.read_bytes() == b"".join(pieces)


def test_room_that_was_reserved_and_not_needed_is_given_back(folder: Path) -> None:
    write(folder / "large", [content(9 * WHOLE)])
    write(folder / "small", [b"x" * 5000])
    assert (folder / "small").stat().st_size == 5000
    assert (folder / "small").stat().st_blocks * 512 <= 16384


@pytest.mark.parametrize("size", [100_000, SEGMENT_BYTES + 7, 3 * WHOLE])
def test_a_disk_that_gives_only_a_part_of_the_room_leaves_no_rest_behind_the_object(
    folder: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    def give_a_part(descriptor: int, offset: int, size: int) -> bool:
        # As ext4 does when it has no more: the file is as long as what there was.
        reserve(descriptor, offset, max(size // 2, 1))
        return False

    monkeypatch.setattr(unbuffered, "reserve", give_a_part)
    expected = content(size)[:size]
    for path in (folder / "first", folder / "second"):
        write(path, [expected])
        assert path.read_bytes() == expected


def test_a_disk_that_fails_at_once_is_told_and_its_buffer_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = unbuffered._Pool()
    monkeypatch.setattr(unbuffered, "_POOL", pool)
    monkeypatch.setattr(unbuffered, "reserve", lambda *_: False)

    def fail(*_arguments: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "ftruncate", fail)
    spool = SpoolFile(make_place(str(tmp_path)), max_bytes=1 << 30, **UIDS)
    with pytest.raises(StorageFailed):
        spool.write(content(WHOLE))
    spool.discard()
    assert len(pool._free) == pool._made
    assert list(tmp_path.iterdir()) == []


def test_the_buffer_of_the_caller_may_be_used_again(folder: Path) -> None:
    buffer = bytearray(SEGMENT_BYTES * 2 + 7)
    with writing(folder / "file") as file:
        assert file is not None
        for number in range(4):
            buffer[:] = bytes([number]) * len(buffer)
            file.write(memoryview(buffer))
        file.finish()
        file.wait()
    assert (folder / "file").read_bytes() == b"".join(bytes([number]) * len(buffer) for number in range(4))


def test_threads_have_buffers_of_their_own(folder: Path) -> None:
    def work(number: int) -> None:
        write(folder / f"thread-{number}", [content(3 * WHOLE, number)])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(6):
        assert (folder / f"thread-{number}").read_bytes() == content(3 * WHOLE, number)


def test_more_objects_than_buffers_go_through_the_cache(folder: Path) -> None:
    descriptors, begun = [], []
    try:
        for number in range(unbuffered._MOST_BUFFERS + 1):
            descriptors.append(os.open(folder / f"many-{number}", os.O_RDWR | os.O_CREAT))
            begun.append(UnbufferedFile.begin(descriptors[-1], 0))
        assert begun[-1] is None
        assert all(begun[:-1])
    finally:
        for file in begun:
            if file is not None:
                file.abandon()
        for descriptor in descriptors:
            os.close(descriptor)


@pytest.fixture
def limited() -> Iterator[Callable[[int], None]]:
    """Let the kernel refuse to write files beyond a size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_the_disk_does_not_take_is_told(folder: Path, limited: Callable[[int], None]) -> None:
    with writing(folder / "file") as file:
        assert file is not None
        limited(WHOLE)
        with pytest.raises(OSError) as failure:  # noqa: PT011, PT012 - which of the two tells depends on the kernel
            for _ in range(4):
                file.write(content(WHOLE))
            file.finish()
            file.wait()
    assert failure.value.errno == errno.EFBIG


def test_a_fault_that_is_told_late_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = DiskRequests._judge

    def fail_the_third(self: DiskRequests, number: int, result: int) -> None:
        judge(self, number, -errno.EIO if number == 2 else result)

    with writing(folder / "file") as file:
        assert file is not None
        with monkeypatch.context() as patch:
            patch.setattr(DiskRequests, "_judge", fail_the_third)
            file.write(content(WHOLE - 1)[: WHOLE - 1])
            file.finish()
            for _ in range(2):
                with pytest.raises(OSError, match="Input/output error"):
                    file.wait()
    # Its buffer is whole again.
    write(folder / "next", [content(2 * WHOLE)])
    assert (folder / "next").read_bytes() == content(2 * WHOLE)


def test_after_a_fault_nothing_is_taken_for_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with writing(folder / "file") as file:
        assert file is not None
        with monkeypatch.context() as patch:
            patch.setattr(DiskRequests, "_judge", failing)
            with pytest.raises(OSError, match="Input/output error"):
                file.write(content(2 * WHOLE))
        with pytest.raises(OSError, match="Input/output error"):
            file.finish()
        with pytest.raises(OSError, match="Input/output error"):
            file.wait()


def failing(_self: DiskRequests, _number: int, _result: int) -> None:
    raise OSError(errno.EIO, "Input/output error")


def test_where_nobody_may_ask_what_became_of_requests_the_next_object_goes_through_the_cache(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = unbuffered._Pool()
    monkeypatch.setattr(unbuffered, "_POOL", pool)
    call = kernel_requests._call

    def forbid_to_ask(number: ctypes.c_long, *arguments: object) -> int:
        if number.value == kernel_requests._CALL_NUMBERS[os.uname().machine][3]:
            ctypes.set_errno(errno.EPERM)
            return -1
        return int(call(number, *arguments))

    monkeypatch.setattr(kernel_requests, "_call", forbid_to_ask)
    with capture_logs() as logs, pytest.raises(PermissionError):
        write(folder / "file", [content(2 * WHOLE)])
    assert [line["event"] for line in logs] == ["no_unbuffered_writes"]
    # What the kernel still has to say is about the first: whoever took its buffer would believe it of his own.
    assert pool.borrow() is None


def test_without_memory_for_it_an_object_goes_through_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_named: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    with monkeypatch.context() as patch:
        patch.setattr(mmap, "mmap", refuse)
        with pytest.raises(Unsupported):
            DiskRequests()


@pytest.mark.parametrize("result", [-errno.EINVAL, -errno.EINTR, 4096])
def test_what_the_file_system_takes_only_otherwise_is_written_otherwise(
    folder: Path, monkeypatch: pytest.MonkeyPatch, result: int
) -> None:
    judge = DiskRequests._judge
    monkeypatch.setattr(DiskRequests, "_judge", lambda self, number, _: judge(self, number, result))
    write(folder / "file", [content(3 * WHOLE + 17)])
    assert (folder / "file").read_bytes() == content(3 * WHOLE + 17)


def test_without_such_requests_an_object_is_spooled_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> DiskRequests:
        raise Unsupported

    monkeypatch.setattr(unbuffered, "DiskRequests", refuse)
    monkeypatch.setattr(unbuffered, "_POOL", unbuffered._Pool())
    spool = SpoolFile(make_place(str(tmp_path)), max_bytes=1 << 30, **UIDS)
    expected = content(3 * WHOLE)
    for at in range(0, len(expected), 100_000):
        spool.write(expected[at : at + 100_000])
    spooled = spool.finish()
    assert spooled.path.read_bytes()[spooled.data_offset :] == expected
    spooled.discard()


def test_the_flush_comes_when_nothing_is_on_its_way_any_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool, on_their_way = unbuffered._Pool(), []
    monkeypatch.setattr(unbuffered, "_POOL", pool)
    (buffer,) = pool._free = [DiskRequests()]
    monkeypatch.setattr(os, "fdatasync", lambda _descriptor: on_their_way.append(set(buffer._on_their_way)))
    spool = SpoolFile(make_place(str(folder)), max_bytes=1 << 30, **UIDS)
    spool.write(content(WHOLE - 5000)[: WHOLE - 5000])
    spooled = spool.finish()
    assert buffer._on_their_way
    spooled.sync()
    assert on_their_way == [set()]
    spooled.discard()


def test_an_object_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    for _ in range(unbuffered._MOST_BUFFERS + 1):
        spool = SpoolFile(make_place(str(tmp_path)), max_bytes=1 << 30, **UIDS)
        spool.write(content(WHOLE))
        spool.discard()
    assert list(tmp_path.iterdir()) == []


def test_the_beginning_of_an_object_is_at_hand(tmp_path: Path) -> None:
    for size in (10, 70_000, 500_000):
        spool = SpoolFile(make_place(str(tmp_path)), max_bytes=1 << 30, **UIDS)
        expected = content(size)[:size]
        spool.write(expected[:3])
        spool.write(expected[3:])
        spooled = spool.finish()
        assert spooled.beginning
        assert expected.startswith(spooled.beginning)
        spooled.discard()


@pytest.mark.usefixtures("folder")
def test_a_child_lets_go_of_the_memory_without_harm() -> None:
    requests = DiskRequests()
    requests.segments[0][:4] = b"disk"
    child = os.fork()
    if child == 0:
        # It has pages of its own, without content, in the place of those that the disk reads from.
        os._exit(bytes(requests.segments[0][:4]) != bytes(4))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert bytes(requests.segments[0][:4]) == b"disk"
    requests.close()


def test_after_a_fault_nothing_more_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with writing(folder / "failed") as file:
        assert file is not None

        def fail(*_arguments: object) -> None:
            raise OSError(errno.EIO, "Input/output error")

        with monkeypatch.context() as patch:
            patch.setattr(DiskRequests, "hand_over", fail)
            with pytest.raises(OSError, match="Input/output"):
                file.write(bytes(SEGMENT_BYTES))
        with pytest.raises(OSError, match="Input/output"):
            file.write(b"more")
