"""The frames of one stored instance, read from its file as they are needed."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from typing import Final

import numpy as np

from archive.dataset_buffer import data_set_buffer
from archive.decoding import DecodedFrame
from archive.encodings import encoding_of, is_deflated
from archive.errors import NotFound, NotTranscodable
from archive.frames import Span, encapsulated_frame, frame_bits, native_span
from archive.native_pixels import decode_compressed, decode_frame, little_endian_frame
from archive.retrieve import StoredInstance
from dicomweb.caching import SizedCache
from dicomweb.data_set_beginning import DataSetBeginning
from dicomweb.frame_formats import FrameFormat
from dicomweb.frame_places import FramePlaces, find_frame_places
from dicomweb.locating import file_of
from dicomweb.reading_at_once import NotAtHand, read_at_once
from dicomweb.services import ImageServices

_COLOURS: Final = 3
_BITS: Final = 8
# Larger frames are given in pieces, so that memory does not grow with them.
_PIECE: Final = 4 << 20


class FrameSource:
    """Reads frames.

    Parameters
    ----------
    services
        Where files are, and who decodes.
    instance
        Whose frames.
    waits
        Whether this is a thread that may wait for a disk or a decoder; otherwise only what is in memory is given.
    beginning
        What was read of the data set already.

    Raises
    ------
    NotFound
        The instance has no pixel data, or its file is missing.
    NotAtHand
        It has to be waited for, here or when something is read.
    """

    def __init__(
        self,
        services: ImageServices,
        instance: StoredInstance,
        *,
        waits: bool = True,
        beginning: DataSetBeginning | None = None,
    ) -> None:
        self._path = file_of(services, instance)
        self._instance = instance
        self._worker = services.decoder
        self._read_at = _read_at if waits else read_at_once
        self._waits = waits
        self._beginning = beginning
        self._places = self._find_places(services.frame_places)
        self.pixels = self._places.pixels
        self.count = self._places.count

    def _find_places(self, known: SizedCache[FramePlaces]) -> FramePlaces:
        places = known.get(self._instance.key)
        if places is None:
            self._may_wait()
            places = find_frame_places(self._path, self._instance, self._beginning)
            known.put(self._instance.key, places)
        return places

    def _may_wait(self) -> None:
        if not self._waits:
            raise NotAtHand

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

    def read(self, numbers: Iterable[int], form: FrameFormat) -> Iterator[Iterable[bytes | memoryview]]:
        """Yield frames, counted from 1, in the format that was chosen: each in pieces, to be taken before the next."""
        if not self._in_place(form):
            self._may_wait()
        if form.encoded:
            yield from ([self._encoded_bytes(number, form.transfer_syntax)] for number in numbers)
            return
        if self._in_place(form):
            yield from self._stored(numbers)
            return
        with self._buffer() as buffer:
            for number in numbers:
                if self.pixels.encapsulated:
                    codestream = encapsulated_frame(buffer, self._places.index, number - 1)
                    yield [self._decoded_bytes(codestream) if form.decoded else codestream]
                else:
                    yield [bytes(little_endian_frame(buffer, self.pixels, number - 1))]

    def decode(self, number: int) -> DecodedFrame:
        """Give one frame, counted from 1, as an array."""
        self.require([number])
        with self._buffer() as buffer:
            if self.pixels.encapsulated:
                codestream = encapsulated_frame(buffer, self._places.index, number - 1)
                return decode_compressed(self.pixels, codestream, self._worker)
            return decode_frame(buffer, self.pixels, number - 1, self._worker)

    @contextmanager
    def _buffer(self) -> Iterator[memoryview]:
        if self._beginning is not None and self._beginning.is_whole:
            yield memoryview(self._beginning.content)
            return
        with data_set_buffer(self._path, self._instance.data_offset, self.pixels.transfer_syntax_uid) as buffer:
            yield buffer

    def _in_place(self, form: FrameFormat) -> bool:
        """Tell whether the bytes of the answer stand in the file as they are."""
        pixels = self.pixels
        if is_deflated(pixels.transfer_syntax_uid) or form.decoded:
            return False
        return pixels.encapsulated or not (
            encoding_of(pixels.transfer_syntax_uid).big_endian or frame_bits(pixels) % _BITS
        )

    def _stored(self, numbers: Iterable[int]) -> Iterator[Iterable[bytes | memoryview]]:
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise NotFound("The file of this object is missing.") from error
        try:
            for number in numbers:
                pieces = self._pieces(file, self._spans(number))
                # A frame of usual size is read at once, so that what is wrong with its file has a status of its own.
                first = next(pieces)
                yield [first] if len(first) < _PIECE else chain([first], pieces)
        finally:
            os.close(file)

    def _spans(self, number: int) -> Iterable[Span]:
        if self.pixels.encapsulated:
            self.require([number])
            return self._places.index.fragments_of(number - 1)
        span = native_span(self.pixels, number - 1)
        return [span] if span is not None else []

    def _pieces(self, file: int, spans: Iterable[Span]) -> Iterator[bytes | memoryview]:
        """Yield the bytes of spans, joined while they are small."""
        small: list[bytes | memoryview] = []
        size = 0
        for start, length in spans:
            for position in range(start, start + length, _PIECE):
                at = self._instance.data_offset + position
                piece = self._read_at(file, at, min(_PIECE, start + length - position))
                small.append(piece)
                size += len(piece)
                if size >= _PIECE:
                    yield _joined(small)
                    small, size = [], 0
        yield _joined(small)

    def _encoded_bytes(self, number: int, target_syntax: str) -> bytes:
        frame, pixels = self.decode(number), self.pixels
        if pixels.real or pixels.bits_allocated == 1:
            raise NotTranscodable("There is no such form of real numbers and single bits.")
        described = replace(pixels, photometric_interpretation=frame.photometric_interpretation, planar_configuration=0)
        return self._worker.encode(described, frame, target_syntax)

    def _decoded_bytes(self, codestream: bytes) -> bytes:
        """Decode, and arrange the samples as the metadata says, which viewers read with the frames."""
        samples = decode_compressed(self.pixels, codestream, self._worker).samples
        if self.pixels.planar_configuration == 1 and samples.ndim == _COLOURS:
            samples = np.ascontiguousarray(samples.transpose(2, 0, 1))
        return samples.tobytes()


def _joined(pieces: list[bytes | memoryview]) -> bytes | memoryview:
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _read_at(file: int, position: int, length: int) -> bytes:
    content = os.pread(file, length, position)
    if len(content) < length:
        raise NotFound("The file of this object is shorter than it was.")
    return content
