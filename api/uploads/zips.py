"""ZIP files from outside: entries are streamed one by one, within limits, and nothing is ever written by its name."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Final

SIGNATURE: Final = b"PK\x03\x04"
# End of central directory record: signature, 8 bytes of numbers, size and offset of the directory, comment length.
_END: Final = b"PK\x05\x06"
_END_LENGTH: Final = 22
_LARGEST_COMMENT: Final = 0xFFFF
_LOCATOR: Final = b"PK\x06\x07"
_LOCATOR_LENGTH: Final = 20
_RECORD64: Final = b"PK\x06\x06"
_RECORD64_LENGTH: Final = 56
_LARGEST_DIRECTORY: Final = 32 << 20
_CHUNK: Final = 1 << 18
# An image of one grey shrinks a thousandfold in good faith, so a ratio alone says nothing about a small entry.
_HARMLESS: Final = 64 << 20
_LARGEST_RATIO: Final = 200


class ZipRefusedError(Exception):
    """The ZIP file, or an entry of it, is not opened; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipLimits:
    """How much may come out of one ZIP file.

    Parameters
    ----------
    total_bytes
        Of all entries together, unpacked.
    entries
        Number of entries.
    """

    total_bytes: int
    entries: int = 100_000


class ZipEntry:
    """One file in a ZIP.

    Parameters
    ----------
    archive
        The open ZIP.
    info
        What its directory says of the entry.
    budget
        What may still come out of the ZIP; shared by all its entries.
    """

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: "_Budget") -> None:
        self._archive = archive
        self._info = info
        self._budget = budget
        self.name = info.filename

    def chunks(self) -> Iterator[bytes]:
        """Unpack the entry.

        Raises
        ------
        ZipRefusedError
            When it must not be unpacked, is damaged, or grows beyond the limits.
        """
        refusal = _refusal(self._info)
        if refusal is not None:
            raise ZipRefusedError(refusal)
        try:
            with self._archive.open(self._info) as file:
                seen = 0
                while chunk := file.read(_CHUNK):
                    seen += len(chunk)
                    self._budget.take(len(chunk), seen, self._info.compress_size)
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
            raise ZipRefusedError("the entry is damaged or packed in a way that is not read") from error


class _Budget:
    def __init__(self, total_bytes: int) -> None:
        self._left = total_bytes

    def take(self, size: int, seen: int, packed: int) -> None:
        """Count what really came out: the sizes in a ZIP's directory are claims."""
        self._left -= size
        if self._left < 0:
            raise ZipRefusedError("the ZIP unpacks to more than one upload may hold")
        if seen > _HARMLESS and seen > _LARGEST_RATIO * max(packed, 1):
            raise ZipRefusedError("the entry unpacks to more than an honest one would")


def entries(file: IO[bytes], limits: ZipLimits) -> Iterator[ZipEntry]:
    """Walk over the files of a ZIP in the order of its directory.

    Raises
    ------
    ZipRefusedError
        When the file is no ZIP, is damaged, or has too many entries.
    """
    if _directory_size(file) > _LARGEST_DIRECTORY:
        raise ZipRefusedError("the ZIP has too many entries")
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ZipRefusedError("the ZIP is damaged") from error
    with archive:
        infos = archive.infolist()
        if len(infos) > limits.entries:
            raise ZipRefusedError("the ZIP has too many entries")
        budget = _Budget(limits.total_bytes)
        for info in infos:
            if not info.is_dir():
                yield ZipEntry(archive, info, budget)


def _refusal(info: zipfile.ZipInfo) -> str | None:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if not path.parts or path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        return "the entry's name points outside of the ZIP"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "the entry is a link"
    if info.flag_bits & 0x1:
        return "the entry is encrypted"
    if path.suffix.lower() == ".zip":
        return "a ZIP inside a ZIP is not opened"
    return None


def _directory_size(file: IO[bytes]) -> int:
    """Read the size of the central directory, which `zipfile` would load whole into memory."""
    file.seek(0, 2)
    size = file.tell()
    tail_start = max(0, size - _LARGEST_COMMENT - _END_LENGTH)
    file.seek(tail_start)
    tail = file.read()
    end = tail.rfind(_END)
    if end < 0 or len(tail) - end < _END_LENGTH:
        raise ZipRefusedError("the ZIP is cut off")
    (directory,) = struct.unpack_from("<I", tail, end + 12)
    locator = tail[max(0, end - _LOCATOR_LENGTH) : end]
    if locator.startswith(_LOCATOR):
        return max(int(directory), _zip64_directory_size(file, tail_start + end, locator))
    return int(directory)


def _zip64_directory_size(file: IO[bytes], end: int, locator: bytes) -> int:
    """Read it from the ZIP64 record: where the locator says, and right before the locator, as readers differ."""
    try:
        sizes = []
        for offset in (struct.unpack_from("<Q", locator, 8)[0], end - _LOCATOR_LENGTH - _RECORD64_LENGTH):
            file.seek(offset)
            record = file.read(_RECORD64_LENGTH)
            if record.startswith(_RECORD64):
                sizes.append(int(struct.unpack_from("<Q", record, 40)[0]))
        return max(sizes)
    except (OSError, OverflowError, ValueError, struct.error) as error:
        raise ZipRefusedError("the ZIP is damaged") from error
