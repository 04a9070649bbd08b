"""File systems that fail, real ones: too small, read-only, and on a device that fails. Only root may mount."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_MEBIBYTE = 1 << 20


def _run(*command: str) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode


@contextmanager
def _mounted(folder: Path, *arguments: str) -> Iterator[None]:
    folder.mkdir()
    if os.geteuid() or _run("mount", *arguments, str(folder)):
        pytest.skip("mounting a file system needs root")
    try:
        yield
    finally:
        _run("umount", "-l", str(folder))


class SmallDisk:
    """A file system in memory.

    Parameters
    ----------
    folder
        Where it is mounted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, *, but: int) -> None:
        """Leave only so many bytes free."""
        status = os.statvfs(self.folder)
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, status.f_bavail * status.f_frsize - but)

    def empty(self) -> None:
        """Give back what `fill` took."""
        self._ballast.unlink()


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[SmallDisk]:
    """Mount a file system of this size."""
    with _mounted(folder, "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs"):
        yield SmallDisk(folder)


class BreakableDisk:
    """An ext4 file system on a device in memory, which can fail in the two ways that disks do; neither is undone.

    Parameters
    ----------
    folder
        Where it is mounted.
    descriptor
        The memory: once it is sealed, the loop device over it cannot write any more.
    """

    def __init__(self, folder: Path, descriptor: int) -> None:
        self._folder = folder
        self._descriptor = descriptor

    def refuse_writes(self) -> None:
        """Let the device answer every write with EIO."""
        fcntl.fcntl(self._descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)

    def become_read_only(self) -> None:
        """Let the kernel find an error, on which it makes the file system read-only."""
        device = self._folder.stat().st_dev
        name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").readlink().name
        Path(f"/sys/fs/ext4/{name}/trigger_fs_error").write_text("a test")


@contextmanager
def breakable_disk(folder: Path, mebibytes: int) -> Iterator[BreakableDisk]:
    """Mount a file system of this size whose device can be broken."""
    descriptor = os.memfd_create("disk", os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(descriptor, mebibytes * _MEBIBYTE)
        device = f"/proc/{os.getpid()}/fd/{descriptor}"
        # Without a journal: an aborted journal would make the file system read-only where EIO is wanted.
        if _run("mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-E", "lazy_itable_init=0", device):
            pytest.skip("mkfs.ext4 is not there")
        with _mounted(folder, "-o", "loop,errors=remount-ro", device):
            yield BreakableDisk(folder, descriptor)
    finally:
        os.close(descriptor)
