"""The frames of one stored instance, read from its file as they are needed."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from archive.dataset_buffer import data_set_buffer
from archive.decoding import DecodedFrame, FrameDecoder
from archive.errors import NotFound
from archive.frames import FrameIndex, count_frames, encapsulated_frame, index_frames
from archive.native_pixels import decode_compressed, decode_frame, little_endian_frame
from archive.pixels import ImagePixels, read_pixels
from archive.retrieve import StoredInstance
from dicomweb.frame_formats import FrameFormat

_COLOURS: Final = 3


class FrameSource:
    """Reads frames.

    Parameters
    ----------
    path
        The file of the instance.
    instance
        What is in it.
    decoder
        For compressed frames.

    Raises
    ------
    NotFound
        The instance has no pixel data, or its file is missing.
    """

    def __init__(self, path: Path, instance: StoredInstance, decoder: FrameDecoder) -> None:
        self._path = path
        self._instance = instance
        self._decoder = decoder
        with data_set_buffer(path, instance.data_offset, instance.transfer_syntax_uid) as buffer:
            self.pixels: ImagePixels = read_pixels(buffer, instance.transfer_syntax_uid)
            self._index = index_frames(buffer, self.pixels) if self.pixels.encapsulated else FrameIndex(())
            self.count = len(self._index) if self.pixels.encapsulated else count_frames(buffer, self.pixels)

    def require(self, numbers: Sequence[int]) -> None:
        """Demand that all these frames, counted from 1, are there.

        Raises
        ------
        NotFound
            One is not.
        """
        missing = next((number for number in numbers if number > self.count), None)
        if missing is not None:
            raise NotFound(f"There is no frame {missing}; the last one is {self.count}.")

    def read(self, numbers: Sequence[int], form: FrameFormat) -> Iterator[bytes]:
        """Yield frames, counted from 1, in the format that was chosen."""
        pixels = self.pixels
        with data_set_buffer(self._path, self._instance.data_offset, pixels.transfer_syntax_uid) as buffer:
            for number in numbers:
                if not pixels.encapsulated:
                    yield bytes(little_endian_frame(buffer, pixels, number - 1))
                    continue
                codestream = encapsulated_frame(buffer, self._index, number - 1)
                yield self._decoded_bytes(codestream) if form.decoded else codestream

    def decode(self, number: int) -> DecodedFrame:
        """Give one frame, counted from 1, as an array."""
        self.require([number])
        with data_set_buffer(self._path, self._instance.data_offset, self.pixels.transfer_syntax_uid) as buffer:
            return decode_frame(buffer, self.pixels, number - 1, self._decoder)

    def _decoded_bytes(self, codestream: bytes) -> bytes:
        """Decode, and arrange the samples as the metadata says, which viewers read with the frames."""
        samples = decode_compressed(self.pixels, codestream, self._decoder).samples
        if self.pixels.planar_configuration == 1 and samples.ndim == _COLOURS:
            samples = np.ascontiguousarray(samples.transpose(2, 0, 1))
        return samples.tobytes()
