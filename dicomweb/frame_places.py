"""Where the frames of an instance stand in its file: found once, and kept for the next request for one of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from archive.dataset_buffer import data_set_buffer
from archive.frames import NO_FRAMES, FrameIndex, count_frames, index_frames
from archive.pixels import ImagePixels, describe_pixels, read_pixels
from archive.retrieve import StoredInstance
from dicomweb.caching import SizedCache
from dicomweb.data_set_beginning import DataSetBeginning

_CACHE_BYTES: Final = 32 << 20
# What the description takes, roughly; the index of encapsulated pixel data comes on top.
_DESCRIPTION_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class FramePlaces:
    """The description of the pixels of an instance, and where each frame is.

    Parameters
    ----------
    pixels
        What the pixels are.
    index
        Of encapsulated pixel data; empty for native.
    count
        Number of frames that are really there.
    """

    pixels: ImagePixels
    index: FrameIndex
    count: int

    @property
    def size_bytes(self) -> int:
        """Memory that it takes."""
        return _DESCRIPTION_BYTES + self.index.size_bytes


def frame_places_cache() -> SizedCache[FramePlaces]:
    """Make a cache of places. A blob never changes, so that they hold for as long as it is there."""
    return SizedCache(lambda places: places.size_bytes, _CACHE_BYTES)


def find_frame_places(path: Path, instance: StoredInstance, beginning: DataSetBeginning | None = None) -> FramePlaces:
    """Find the frames of an instance in its file, or in what was read of it.

    Raises
    ------
    NotFound
        The instance has no pixel data, or its file is missing.
    """
    if beginning is not None:
        pixels = describe_pixels(beginning.content, beginning.outline, instance.transfer_syntax_uid)
        if beginning.is_whole or not pixels.encapsulated:
            return _places(memoryview(beginning.content), pixels)
    with data_set_buffer(path, instance.data_offset, instance.transfer_syntax_uid) as buffer:
        return _places(buffer, read_pixels(buffer, instance.transfer_syntax_uid))


def _places(buffer: memoryview, pixels: ImagePixels) -> FramePlaces:
    if not pixels.encapsulated:
        return FramePlaces(pixels, NO_FRAMES, count_frames(buffer, pixels))
    index = index_frames(buffer, pixels)
    return FramePlaces(pixels, index, len(index))
