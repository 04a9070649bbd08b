"""Video, made and read in limited child processes: one a video, so that what is long does not stand in others' way."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from functools import cache
from http import HTTPStatus
from math import prod
from types import TracebackType
from typing import IO, Any, Final, Self, cast

import numpy as np

from archive.decoding import MEMORY_BYTES, TIMEOUT_SECONDS
from archive.decoding_messages import LENGTHS, send_message
from archive.errors import NotTranscodable
from dicomweb.problems import Problem

Array = np.ndarray[Any, Any]

# Each takes a core; whoever does not get one in time may ask again.
_AT_ONCE: Final = 2
_PATIENCE_SECONDS: Final = 20
# What is given is held in memory.
_MOST_BYTES: Final = 256 << 20
_LONGEST_DESCRIPTION: Final = 1 << 16


@cache
def _places() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(_AT_ONCE)


@contextmanager
def video_place() -> Iterator[None]:
    """Hold one of the few places for work on video.

    Raises
    ------
    Problem
        503 when all are taken for long.
    """
    if not _places().acquire(timeout=_PATIENCE_SECONDS):
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "Other videos are being made; ask again.")
    try:
        yield
    finally:
        _places().release()


class _Child:
    """One child process. It ends itself when a step takes too long, so that waiting for it always ends."""

    def __init__(self, task: str, descriptors: Sequence[int] = ()) -> None:
        limits = str(MEMORY_BYTES), str(TIMEOUT_SECONDS)
        # Thread pools of linear algebra would only reserve address space here.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dicomweb.rendering.video_worker", task, *limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=descriptors,
            env=environment,
        )

    def send(self, description: Mapping[str, Any], data: bytes = b"") -> None:
        try:
            send_message(cast("IO[bytes]", self._process.stdin), description, data)
        except OSError as error:
            raise _too_much() from error

    def receive(self) -> tuple[dict[str, Any], bytes]:
        description_length, data_length = LENGTHS.unpack(self._read(LENGTHS.size))
        if description_length > _LONGEST_DESCRIPTION or data_length > _MOST_BYTES:
            raise NotTranscodable("The video is too large.")
        description: dict[str, Any] = json.loads(self._read(description_length))
        if "error" in description:
            raise NotTranscodable("The video cannot be read or made.")
        return description, self._read(data_length)

    def _read(self, count: int) -> bytes:
        content = cast("IO[bytes]", self._process.stdout).read(count)
        if len(content) < count:
            raise _too_much()
        return content

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            # What was not sent yet is of no use to anybody.
            with suppress(OSError):
                cast("IO[bytes]", pipe).close()
        self._process.wait()


def encode_mp4(frames: Iterable[Array], count: int, rate: Fraction, crf: float) -> bytes:
    """Make an MP4 file with H.264.

    Parameters
    ----------
    frames
        Bytes, all of the same even size: rows x columns, or rows x columns x 3. They are taken one by one.
    count
        How many there are, at most.
    rate
        Frames a second.
    crf
        Loss that is allowed, in the numbers of x264: 0 for none, 51 for most.

    Raises
    ------
    NotTranscodable
        It takes too much memory or time.
    """
    with _Child("encode") as child:
        child.send({"rate": [rate.numerator, rate.denominator], "frames": count, "crf": crf})
        for samples in frames:
            child.send({"shape": list(samples.shape)}, samples.tobytes())
        child.send({"end": True})
        return child.receive()[1]


def repacked_mp4(descriptor: int, spans: Sequence[tuple[int, int]]) -> bytes:
    """Move a video, as it is coded, into an MP4 file.

    Parameters
    ----------
    descriptor
        Of the open file that it is in.
    spans
        Start and length of its pieces in the file.
    """
    with _Child("repack", [descriptor]) as child:
        child.send({"descriptor": descriptor, "spans": list(spans)})
        return child.receive()[1]


@contextmanager
def decoded_video(
    descriptor: int, spans: Sequence[tuple[int, int]], first: int = 1
) -> Iterator[tuple[Fraction | None, Iterator[Array]]]:
    """Give the rate of a video, where it says one, and its frames as RGB, decoded as they are taken.

    Parameters
    ----------
    descriptor, spans
        As for `repacked_mp4`.
    first
        Number of the frame to begin with.
    """
    with _Child("decode", [descriptor]) as child:
        child.send({"descriptor": descriptor, "spans": list(spans), "first": first})
        described, _ = child.receive()
        yield Fraction(*described["rate"]) or None, _frames(child)


def _frames(child: _Child) -> Iterator[Array]:
    while True:
        description, data = child.receive()
        if "shape" not in description:
            return
        shape = description["shape"]
        if prod(shape) != len(data):
            raise _too_much()
        yield np.frombuffer(data, np.uint8).reshape(shape)


def _too_much() -> NotTranscodable:
    return NotTranscodable("Working on the video took too much memory or time.")
