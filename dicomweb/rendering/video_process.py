"""Video, made and read in limited child processes: one a video, so that what is long does not stand in others' way."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from http import HTTPStatus
from math import prod
from typing import Any, Final

import numpy as np

from archive.errors import NotTranscodable
from dicomweb.problems import Problem
from dicomweb.rendering.child_process import ChildProcess

Array = np.ndarray[Any, Any]

# Each takes a core; whoever does not get one in time may ask again.
_AT_ONCE: Final = 2
_PATIENCE_SECONDS: Final = 20
_TOO_MUCH: Final = "Working on the video took too much memory or time."


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
    with _child("encode") as child:
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
    with _child("repack", [descriptor]) as child:
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
    with _child("decode", [descriptor]) as child:
        child.send({"descriptor": descriptor, "spans": list(spans), "first": first})
        described, _ = child.receive()
        yield Fraction(*described["rate"]) or None, _frames(child)


def _frames(child: ChildProcess) -> Iterator[Array]:
    while True:
        description, data = child.receive()
        if "shape" not in description:
            return
        shape = description["shape"]
        if prod(shape) != len(data):
            raise NotTranscodable(_TOO_MUCH)
        yield np.frombuffer(data, np.uint8).reshape(shape)


def _child(task: str, descriptors: Sequence[int] = ()) -> ChildProcess:
    return ChildProcess("dicomweb.rendering.video_worker", task, failure=_TOO_MUCH, descriptors=descriptors)
