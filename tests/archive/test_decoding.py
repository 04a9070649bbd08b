"""Frames are decoded in child processes that may die: that costs one answer and nothing else."""

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from pydicom import dcmread

from archive.dataset_buffer import data_set_buffer
from archive.decoding import DecodingPool
from archive.errors import NotTranscodable
from archive.frames import encapsulated_frame, index_frames
from archive.pixels import ImagePixels, read_pixels
from tests.archive.dicom_files import PACKAGED, offset_of, syntax_of

PATH = PACKAGED / "MR_small_jpeg_ls_lossless.dcm"


@pytest.fixture
def pool() -> Iterator[DecodingPool]:
    with DecodingPool(workers=1, timeout_seconds=10) as opened:
        yield opened


@pytest.fixture(scope="module")
def frame() -> tuple[ImagePixels, bytes]:
    with data_set_buffer(PATH, offset_of(PATH), syntax_of(PATH)) as buffer:
        pixels = read_pixels(buffer, syntax_of(PATH))
        return pixels, encapsulated_frame(buffer, index_frames(buffer, pixels), 0)


def worker_of(pool: DecodingPool) -> int:
    worker = pool._free.get()
    pool._free.put(worker)
    assert worker is not None
    return worker._process.pid


def test_frames_are_decoded_exactly(pool: DecodingPool, frame: tuple[ImagePixels, bytes]) -> None:
    decoded = pool.decode(*frame)
    assert np.array_equal(decoded.samples, dcmread(PATH).pixel_array)
    assert decoded.photometric_interpretation == "MONOCHROME2"


def test_a_worker_serves_many_frames(pool: DecodingPool, frame: tuple[ImagePixels, bytes]) -> None:
    pool.decode(*frame)
    first = worker_of(pool)
    pool.decode(*frame)
    assert worker_of(pool) == first


def test_garbage_is_refused_and_the_next_frame_decoded(pool: DecodingPool, frame: tuple[ImagePixels, bytes]) -> None:
    pixels, codestream = frame
    for garbage in (b"", b"\xff\xd8\xff", os.urandom(4096), codestream[:60]):
        with pytest.raises(NotTranscodable):
            pool.decode(pixels, garbage)
    assert pool.decode(pixels, codestream).samples.shape == (64, 64)


def test_a_worker_that_died_is_replaced(pool: DecodingPool, frame: tuple[ImagePixels, bytes]) -> None:
    pool.decode(*frame)
    first = worker_of(pool)
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert pool.decode(*frame).samples.shape == (64, 64)
    assert worker_of(pool) != first


def test_a_worker_that_hangs_is_ended(frame: tuple[ImagePixels, bytes]) -> None:
    with DecodingPool(workers=1, timeout_seconds=1) as pool:
        pool.decode(*frame)
        os.kill(worker_of(pool), signal.SIGSTOP)
        with pytest.raises(NotTranscodable):
            pool.decode(*frame)
        assert pool.decode(*frame).samples.shape == (64, 64)


def test_memory_is_limited(frame: tuple[ImagePixels, bytes]) -> None:
    pixels, codestream = frame
    with DecodingPool(workers=1, memory_bytes=600 << 20) as pool:
        huge = replace(pixels, rows=20_000, columns=20_000)
        with pytest.raises(NotTranscodable):
            pool.decode(huge, codestream)
        assert pool.decode(pixels, codestream).samples.shape == (64, 64)


@pytest.mark.parametrize("size", [65535, 0])
def test_frames_of_impossible_size_are_refused_unseen(
    pool: DecodingPool, frame: tuple[ImagePixels, bytes], size: int
) -> None:
    pixels, codestream = frame
    with pytest.raises(NotTranscodable):
        pool.decode(replace(pixels, rows=size, columns=size), codestream)
    assert pool._free.get() is None
    pool._free.put(None)


def test_callers_wait_for_a_free_worker(pool: DecodingPool, frame: tuple[ImagePixels, bytes]) -> None:
    shapes: list[tuple[int, ...]] = []
    threads = [threading.Thread(target=lambda: shapes.append(pool.decode(*frame).samples.shape)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert shapes == [(64, 64)] * 8
