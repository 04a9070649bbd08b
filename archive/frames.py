"""Where each frame of an image stands, and its bytes as stored (PS3.5 Sections 8.2 and A.4).

Native frames are found by arithmetic. Encapsulated ones by the offset tables, which are checked, or by looking at the
fragments; what cannot be told apart is refused rather than guessed.
"""

import itertools
import struct
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from archive.element_stream import fragments
from archive.errors import NotFound, NotTranscodable
from archive.pixels import ImagePixels

Span = tuple[int, int]

# Start of image of JPEG and JPEG-LS, start of codestream of JPEG 2000 (also in its file format).
_STARTS: Final = (b"\xff\xd8", b"\xff\x4f", b"\x00\x00\x00\x0c")
_ITEM_HEADER: Final = 8
_BITS: Final = 8


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """The fragments of each frame of encapsulated pixel data, packed: slides have hundreds of thousands of frames.

    Parameters
    ----------
    spans
        Start and length in the data set of each fragment, one after the other.
    ends
        For each frame the number of the first fragment behind it.
    """

    spans: "array[int]"
    ends: "array[int]"

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def size_bytes(self) -> int:
        """Memory that it takes."""
        return self.spans.itemsize * len(self.spans) + self.ends.itemsize * len(self.ends)

    def fragments_of(self, index: int) -> Iterator[Span]:
        """Yield start and length of the fragments of a frame, counted from 0."""
        for number in range(self.ends[index - 1] if index else 0, self.ends[index]):
            yield self.spans[2 * number], self.spans[2 * number + 1]


NO_FRAMES: Final = FrameIndex(array("Q"), array("Q"))
"""The index of pixel data that is not encapsulated."""


def frame_bits(pixels: ImagePixels) -> int:
    """Give the size of one native frame in bits; those of one-bit images may share a byte (PS3.5 Section 8.1.1)."""
    if pixels.photometric_interpretation == "YBR_FULL_422" and not pixels.encapsulated:
        # Two chrominance samples stand for two pixels (PS3.3 Section C.7.6.3.1.2).
        return pixels.rows * pixels.columns * 2 * pixels.bits_allocated
    return pixels.samples_per_frame * pixels.bits_allocated


def count_frames(buffer: memoryview, pixels: ImagePixels) -> int:
    """Count the frames that are really there, whatever Number of Frames says."""
    if pixels.encapsulated:
        return len(index_frames(buffer, pixels))
    return min(pixels.number_of_frames, pixels.length * _BITS // frame_bits(pixels))


def native_span(pixels: ImagePixels, index: int) -> Span | None:
    """Say where a native frame, counted from 0, stands in the data set; none when it shares a byte with another.

    Raises
    ------
    NotFound
        There is no such frame.
    """
    bits = frame_bits(pixels)
    first, end = index * bits, (index + 1) * bits
    if not 0 <= index < pixels.number_of_frames or end > pixels.length * _BITS:
        raise NotFound(f"There is no frame {index + 1}.")
    if first % _BITS:
        return None
    start = pixels.position + first // _BITS
    return start, pixels.position + -(-end // _BITS) - start


def native_frame(buffer: memoryview, pixels: ImagePixels, index: int) -> memoryview | bytes:
    """Give one native frame as stored.

    Parameters
    ----------
    buffer
        The data set.
    pixels
        Its description.
    index
        Of the frame, from 0.

    Raises
    ------
    NotFound
        There is no such frame.
    """
    span = native_span(pixels, index)
    if span is not None:
        return buffer[span[0] : sum(span)]
    # The frame begins inside a byte: move its bits to the beginning.
    bits = frame_bits(pixels)
    first, end = index * bits, (index + 1) * bits
    shared = buffer[pixels.position + first // _BITS : pixels.position + -(-end // _BITS)]
    value = int.from_bytes(shared, "little") >> first % _BITS & (1 << bits) - 1
    return value.to_bytes(-(-bits // _BITS), "little")


def index_frames(buffer: memoryview, pixels: ImagePixels) -> FrameIndex:
    """Find the fragments of every frame of encapsulated pixel data.

    Raises
    ------
    NotTranscodable
        The frames cannot be told apart.
    """
    items = fragments(buffer, pixels.position)
    table = next(items, None)
    if table is None:
        raise NotTranscodable("The pixel data has no frames.")
    first = sum(table)
    spans = list(items)
    declared = pixels.number_of_frames
    if len(spans) == declared:
        return _divided(spans, range(declared))
    if declared == 1 and spans:
        return _divided(spans, (0,))
    starts = {start - _ITEM_HEADER - first: number for number, (start, _) in enumerate(spans)}
    for offsets in (_extended_offsets(buffer, pixels), _basic_offsets(buffer, table)):
        numbers = [starts.get(offset, -1) for offset in offsets]
        if len(numbers) == declared and _begin_frames(numbers):
            return _divided(spans, numbers)
    numbers = [number for number, (start, _) in enumerate(spans) if _begins(buffer, start)]
    if len(numbers) == declared and _begin_frames(numbers):
        return _divided(spans, numbers)
    raise NotTranscodable("The frames of the pixel data cannot be told apart.")


def encapsulated_frame(buffer: memoryview, frame_index: FrameIndex, index: int) -> bytes:
    """Give one compressed frame as stored, its fragments joined."""
    if not 0 <= index < len(frame_index):
        raise NotFound(f"There is no frame {index + 1}.")
    return b"".join(buffer[start : start + length] for start, length in frame_index.fragments_of(index))


def _basic_offsets(buffer: memoryview, table: Span) -> Sequence[int]:
    start, length = table
    count = length // 4
    return struct.unpack_from(f"<{count}I", buffer, start)


def _extended_offsets(buffer: memoryview, pixels: ImagePixels) -> Sequence[int]:
    if pixels.extended_offsets is None:
        return ()
    start, length = pixels.extended_offsets
    return struct.unpack_from(f"<{length // 8}Q", buffer, start)


def _begin_frames(numbers: Sequence[int]) -> bool:
    """Tell whether frames can begin at these fragments: the first one at the first, each other one behind."""
    return numbers[0] == 0 and all(low < high for low, high in itertools.pairwise(numbers))


def _divided(spans: list[Span], numbers: Sequence[int]) -> FrameIndex:
    return FrameIndex(array("Q", itertools.chain.from_iterable(spans)), array("Q", [*numbers[1:], len(spans)]))


def _begins(buffer: memoryview, start: int) -> bool:
    return bytes(buffer[start : start + 4]).startswith(_STARTS)
