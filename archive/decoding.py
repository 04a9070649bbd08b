"""Decoding of compressed frames in limited child processes: a bad codestream costs one answer and nothing else."""

import json
import os
import queue
import select
import subprocess
import sys
import time
from collections.abc import Container
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import IO, Any, Final, Protocol, Self, cast

import numpy as np
import structlog

from archive.decoding_messages import LENGTHS, READY, send_message
from archive.errors import NotTranscodable
from archive.pixels import ImagePixels

_log = structlog.get_logger()

WORKERS: Final = 2
TIMEOUT_SECONDS: Final = 30
_START_SECONDS: Final = 60
# Address space, not memory: libraries reserve much more than they use.
MEMORY_BYTES: Final = 2 << 30
_MAX_FRAME_BYTES: Final = 1 << 30
# The pipe to the worker is read in pieces of this size at most.
_PIECE: Final = 1 << 20
# What a codestream has besides its samples.
_OVERHEAD_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """A frame as an array.

    Parameters
    ----------
    samples
        Rows x columns, or rows x columns x samples; little endian, of the allocated bits.
    photometric_interpretation
        What the samples mean now: YBR that was coded with loss has become RGB.
    """

    samples: "np.ndarray[Any, Any]"
    photometric_interpretation: str


class FrameDecoder(Protocol):
    """Decodes compressed frames."""

    def decode(self, pixels: ImagePixels, codestream: bytes) -> DecodedFrame:
        """Decode one frame or raise `NotTranscodable`."""


class PixelWorker(FrameDecoder, Protocol):
    """Does all that is done with pixels that come from elsewhere."""

    def to_srgb(self, samples: "np.ndarray[Any, Any]", profile: bytes) -> "np.ndarray[Any, Any]":
        """Convert colours or raise `NotTranscodable`."""

    def encode(self, pixels: ImagePixels, frame: DecodedFrame, target_syntax: str) -> bytes:
        """Compress one frame without loss or raise `NotTranscodable`."""

    def read_picture(self, content: bytes, samples_per_pixel: int | None) -> "np.ndarray[Any, Any]":
        """Read the frames of a PNG or GIF file or raise `NotTranscodable`."""


class _WorkerFailed(Exception):
    """The child process died or did not answer in time."""


class _Worker:
    """One child process."""

    def __init__(self, memory_bytes: int, timeout_seconds: int) -> None:
        self._timeout_seconds = timeout_seconds
        # Thread pools of linear algebra would only reserve address space here.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "archive.decoding_worker", str(memory_bytes), str(timeout_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=environment,
        )
        self._ready = False

    def ask(self, request: dict[str, Any], content: bytes, lengths: Container[int]) -> tuple[dict[str, Any], bytearray]:
        """Send one frame and wait for the answer, whose data is as long as one of `lengths`."""
        self._await_start()
        deadline = time.monotonic() + self._timeout_seconds + 1
        try:
            send_message(cast("IO[bytes]", self._process.stdin), request, content)
            answer_length, data_length = LENGTHS.unpack(self._receive(LENGTHS.size, deadline))
            if data_length not in lengths or answer_length > _PIECE:
                raise _WorkerFailed
            answer: dict[str, Any] = json.loads(self._receive(answer_length, deadline))
            return answer, self._receive(data_length, deadline)
        except OSError as error:
            raise _WorkerFailed from error

    @property
    def alive(self) -> bool:
        """True until the process ended."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            cast("IO[bytes]", pipe).close()
        self._process.wait()

    def _await_start(self) -> None:
        """Wait for the first sign of life: loading the codecs does not count as decoding."""
        if not self._ready:
            self._receive(len(READY), time.monotonic() + _START_SECONDS)
            self._ready = True

    def _receive(self, count: int, deadline: float) -> bytearray:
        received = bytearray(count)
        view, source = memoryview(received), cast("IO[bytes]", self._process.stdout).fileno()
        filled = 0
        # Not select, which takes no descriptors above 1023: a busy web process has them.
        poll = select.poll()
        poll.register(source, select.POLLIN)
        while filled < count:
            ready = poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
            got = os.readv(source, [view[filled : filled + _PIECE]]) if ready else 0
            if not got:
                raise _WorkerFailed
            filled += got
        return received


class DecodingPool:
    """Child processes that decode frames, started when they are first needed.

    Parameters
    ----------
    workers
        Processes at most; more callers wait.
    memory_bytes
        Address space of each.
    timeout_seconds
        For one frame.
    """

    def __init__(
        self, *, workers: int = WORKERS, memory_bytes: int = MEMORY_BYTES, timeout_seconds: int = TIMEOUT_SECONDS
    ) -> None:
        self._memory_bytes = memory_bytes
        self._timeout_seconds = timeout_seconds
        # A free place holds a worker, or nothing yet: the last one used is taken first, so that idle ones stay idle.
        self._free: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        self._size = workers
        for _ in range(workers):
            self._free.put(None)

    def decode(self, pixels: ImagePixels, codestream: bytes) -> DecodedFrame:
        """Decode one frame.

        Raises
        ------
        NotTranscodable
            The codestream is not what it should be, or decoding it takes too much memory or time.
        """
        expected_bytes = pixels.samples_per_frame * pixels.bits_allocated // 8
        if not can_decode(pixels.transfer_syntax_uid):
            raise NotTranscodable("There is no decoder for its transfer syntax.")
        if not 0 < expected_bytes <= _MAX_FRAME_BYTES:
            raise NotTranscodable("A frame of this size is not decoded.")
        answer, data = self._ask(_request(pixels), codestream, (0, expected_bytes))
        if "error" in answer:
            raise NotTranscodable("The pixel data cannot be decoded.")
        samples = np.frombuffer(data, dtype=answer["dtype"]).reshape(answer["shape"])
        return DecodedFrame(samples, answer["photometric_interpretation"])

    def to_srgb(self, samples: "np.ndarray[Any, Any]", profile: bytes) -> "np.ndarray[Any, Any]":
        """Convert colours to sRGB (PS3.3 Section C.11.15).

        Parameters
        ----------
        samples
            Bytes: rows x columns x 3.
        profile
            The ICC profile that says what they are.

        Raises
        ------
        NotTranscodable
            The profile is none of RGB, or converting takes too much memory or time.
        """
        request = {"transfer_syntax_uid": "", "shape": list(samples.shape)}
        answer, data = self._ask(request, samples.tobytes() + profile, (0, samples.nbytes))
        if "error" in answer:
            raise NotTranscodable("The colour profile cannot be used.")
        return np.frombuffer(data, np.uint8).reshape(samples.shape)

    def encode(self, pixels: ImagePixels, frame: DecodedFrame, target_syntax: str) -> bytes:
        """Compress one frame without loss.

        Parameters
        ----------
        pixels
            Describes it; the transfer syntax does not count.
        frame
            Samples of the allocated bits.
        target_syntax
            What it shall be.

        Raises
        ------
        NotTranscodable
            The target cannot hold such samples, or compressing them takes too much memory or time.
        """
        samples = frame.samples
        request = {
            **_request(pixels),
            "transfer_syntax_uid": target_syntax,
            "compress": True,
            "dtype": samples.dtype.str,
            "shape": list(samples.shape),
        }
        answer, data = self._ask(request, samples.tobytes(), range(2 * samples.nbytes + _OVERHEAD_BYTES))
        if "error" in answer:
            raise NotTranscodable("The pixel data cannot be compressed without loss.")
        return bytes(data)

    def read_picture(self, content: bytes, samples_per_pixel: int | None) -> "np.ndarray[Any, Any]":
        """Read the frames of a PNG or GIF file (`archive.picture_reading`).

        Parameters
        ----------
        content
            The file.
        samples_per_pixel
            1 or 3, where the file can be read so without loss; as it is when left out.

        Returns
        -------
        array
            Frames x rows x columns, or frames x rows x columns x 3; little endian.

        Raises
        ------
        NotTranscodable
            It cannot be read without loss, or takes too much memory or time.
        """
        request = {"transfer_syntax_uid": "", "picture": True, "samples_per_pixel": samples_per_pixel}
        answer, data = self._ask(request, content, range(_MAX_FRAME_BYTES + 1))
        if "error" in answer:
            raise NotTranscodable("The picture cannot be read.")
        return np.frombuffer(data, dtype=answer["dtype"]).reshape(answer["shape"])

    def _ask(
        self, request: dict[str, Any], content: bytes, lengths: Container[int]
    ) -> tuple[dict[str, Any], bytearray]:
        worker = self._free.get()
        good = None
        try:
            worker = self._living(worker)
            answer = worker.ask(request, content, lengths)
            good = worker
        except _WorkerFailed as error:
            _log.warning("decoder_failed", transfer_syntax=request["transfer_syntax_uid"])
            raise NotTranscodable("Working on the pixel data took too much memory or time.") from error
        else:
            return answer
        finally:
            # A worker that was interrupted in the middle of an answer would give it to the next caller.
            if good is None and worker is not None:
                worker.stop()
            self._free.put(good)

    def _living(self, worker: _Worker | None) -> _Worker:
        if worker is not None and worker.alive:
            return worker
        if worker is not None:
            worker.stop()
        return _Worker(self._memory_bytes, self._timeout_seconds)

    def close(self) -> None:
        """End all processes; call it when no caller is left."""
        for _ in range(self._size):
            worker = self._free.get()
            if worker is not None:
                worker.stop()
            self._free.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


@cache
def shared_pool() -> DecodingPool:
    """Give the pool of this process, for callers that were given none."""
    return DecodingPool()


def can_decode(transfer_syntax_uid: str) -> bool:
    """Tell whether there is a decoder for a compressed transfer syntax."""
    return transfer_syntax_uid in _DECODABLE


_DECODABLE: Final = frozenset(
    {
        "1.2.840.10008.1.2.5",  # RLE Lossless
        "1.2.840.10008.1.2.4.50",  # JPEG Baseline
        "1.2.840.10008.1.2.4.51",  # JPEG Extended
        "1.2.840.10008.1.2.4.53",  # JPEG Spectral Selection (retired)
        "1.2.840.10008.1.2.4.55",  # JPEG Full Progression (retired)
        "1.2.840.10008.1.2.4.57",  # JPEG Lossless
        "1.2.840.10008.1.2.4.70",  # JPEG Lossless SV1
        "1.2.840.10008.1.2.4.80",  # JPEG-LS Lossless
        "1.2.840.10008.1.2.4.81",  # JPEG-LS Near-lossless
        "1.2.840.10008.1.2.4.90",  # JPEG 2000 Lossless Only
        "1.2.840.10008.1.2.4.91",  # JPEG 2000
        "1.2.840.10008.1.2.4.201",  # HTJ2K Lossless Only
        "1.2.840.10008.1.2.4.202",  # HTJ2K Lossless RPCL
        "1.2.840.10008.1.2.4.203",  # HTJ2K
    }
)


def _request(pixels: ImagePixels) -> dict[str, Any]:
    return {
        "transfer_syntax_uid": pixels.transfer_syntax_uid,
        "pixels": {
            "rows": pixels.rows,
            "columns": pixels.columns,
            "samples_per_pixel": pixels.samples_per_pixel,
            "bits_allocated": pixels.bits_allocated,
            "bits_stored": pixels.bits_stored,
            "pixel_representation": pixels.pixel_representation,
            "planar_configuration": pixels.planar_configuration,
            "photometric_interpretation": pixels.photometric_interpretation,
        },
    }
