"""The bytes of a stored data set as one buffer, without reading them: mapped, or inflated to a file that is mapped."""

import mmap
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from archive.encodings import is_deflated
from archive.errors import LimitExceeded, NotFound, NotParsable
from archive.limits import Limits

_CHUNK: Final = 1 << 16


@contextmanager
def data_set_buffer(path: Path, data_offset: int, transfer_syntax_uid: str) -> Iterator[memoryview]:
    """Give the data set in a blob as a buffer; a deflated one is inflated first (PS3.5 Section A.5).

    Parameters
    ----------
    path
        The blob.
    data_offset
        Where the data set begins in it.
    transfer_syntax_uid
        The syntax that it is stored in.

    Raises
    ------
    NotFound
        The blob is gone.
    LimitExceeded
        The data set is too large when inflated.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise NotFound("The file of this object is missing.") from error
    with file:
        if is_deflated(transfer_syntax_uid):
            with tempfile.TemporaryFile() as inflated:
                _inflate(file, data_offset, inflated)
                yield from _mapped(inflated, 0)
        else:
            yield from _mapped(file, data_offset)


def _mapped(file: BinaryIO, offset: int) -> Iterator[memoryview]:
    size = os.fstat(file.fileno()).st_size
    if size <= offset:
        yield memoryview(b"")
        return
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as whole:
        part = whole[offset:]
        try:
            yield part
        finally:
            part.release()


def _inflate(file: BinaryIO, data_offset: int, into: BinaryIO) -> None:
    file.seek(data_offset)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    limit = Limits().inflated_bytes
    try:
        while not inflater.eof and (compressed := inflater.unconsumed_tail or file.read(_CHUNK)):
            into.write(inflater.decompress(compressed, _CHUNK))
            if into.tell() > limit:
                raise LimitExceeded("The deflated data set is too large when inflated.")
    except zlib.error as error:
        raise NotParsable("The data set is not validly deflated.") from error
    into.flush()
