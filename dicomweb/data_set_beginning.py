"""The beginning of the data set of a stored image, read at once: most images are all there."""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from archive.encodings import UNDEFINED, encoding_of, is_deflated
from archive.errors import NotFound, NotParsable
from archive.outline import Outline, read_outline
from archive.retrieve import StoredInstance
from dicomweb.reading_at_once import read_at_once

# A CT slice with its header; one read costs less than to map a file of this size and to fault its pages in.
_BEGINNING_BYTES: Final = 1 << 20
_SHORTEST_ELEMENT: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSetBeginning:
    """What was read of a data set: all elements before its pixel data, at least.

    Parameters
    ----------
    content
        Its first bytes.
    size
        Of the whole data set, in bytes.
    outline
        Its elements up to the pixel data.
    """

    content: bytes
    size: int
    outline: Outline

    @property
    def is_whole(self) -> bool:
        """True when nothing of the data set is missing."""
        return len(self.content) == self.size


def read_beginning(path: Path, instance: StoredInstance, *, waits: bool = True) -> DataSetBeginning | None:
    """Read the beginning of an image.

    Parameters
    ----------
    path
        Its file.
    instance
        The image.
    waits
        Whether this is a thread that may wait for a disk; otherwise it is the whole data set, and only from memory.

    Returns
    -------
    DataSetBeginning or None
        None where it does not serve: the data set is deflated, has too much before its pixel data or none, or is
        damaged, which those find out who look at all of it.

    Raises
    ------
    NotFound
        The file is missing.
    NotAtHand
        The data set is not in memory, or larger than what is read at once.
    """
    if is_deflated(instance.transfer_syntax_uid):
        return None
    content, size = _read(path, instance.data_offset, waits=waits)
    try:
        outline = read_outline(content, encoding_of(instance.transfer_syntax_uid), size)
        if outline.pixels is None or _is_out_of_order(content, outline):
            return None
    except (NotParsable, struct.error):
        return None
    return DataSetBeginning(content=content, size=size, outline=outline)


def _is_out_of_order(content: bytes, outline: Outline) -> bool:
    """Tell whether an attribute that belongs before the pixel data stands behind it, as far as that is at hand."""
    tag, _, length, header_size = outline.encoding.element(content, outline.pixels or 0)
    end = (outline.pixels or 0) + header_size + length
    if length == UNDEFINED or end + _SHORTEST_ELEMENT > len(content):
        return False
    group, element, _ = outline.encoding.item.unpack_from(content, end)
    return bool(group << 16 | element < tag)


def _read(path: Path, data_offset: int, *, waits: bool) -> tuple[bytes, int]:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound("The file of this object is missing.") from error
    try:
        size = max(0, os.fstat(file).st_size - data_offset)
        if not waits:
            # A view serves as well as bytes where headers are read.
            return cast("bytes", read_at_once(file, data_offset, size)), size
        return os.pread(file, min(size, _BEGINNING_BYTES), data_offset), size
    finally:
        os.close(file)
