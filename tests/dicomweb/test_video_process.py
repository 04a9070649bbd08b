"""Video is made and read in child processes that end before they harm anybody."""

import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archive.errors import NotTranscodable
from dicomweb.problems import Problem
from dicomweb.rendering import child_process, video_process
from dicomweb.rendering.video_process import decoded_video, encode_mp4, repacked_mp4, video_place
from tests.dicomweb.videos import stream_of

GREYS = [50, 100, 150, 200, 250]


def black(count: int, side: int = 64) -> Iterator[Any]:
    return (np.zeros((side, side), np.uint8) for _ in range(count))


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Give a video in a file with something before it."""
    content = stream_of([np.full((64, 64, 3), grey, np.uint8) for grey in GREYS], "mpegts", "libx264")
    path = tmp_path / "video"
    path.write_bytes(b"before" + content)
    with path.open("rb") as file:
        yield file.fileno(), [(6, 100), (106, len(content) - 100)]


def test_too_much_memory_costs_the_video_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as limited:
        limited.setattr(child_process, "MEMORY_BYTES", 1 << 20)
        with pytest.raises(NotTranscodable):
            encode_mp4(black(2, side=2048), 2, Fraction(10), 20)
    assert encode_mp4(black(2), 2, Fraction(10), 20)[4:8] == b"ftyp"


def test_frames_that_change_their_size_are_no_video() -> None:
    frames = (np.zeros((side, 64), np.uint8) for side in (64, 32))
    with pytest.raises(NotTranscodable):
        encode_mp4(frames, 2, Fraction(10), 20)


def test_what_fails_while_frames_are_made_is_what_is_raised() -> None:
    def failing() -> Iterator[Any]:
        yield from black(1)
        raise NotTranscodable("A frame is broken.")

    with pytest.raises(NotTranscodable, match="A frame is broken"):
        encode_mp4(failing(), 2, Fraction(10), 20)


def test_a_video_is_read_from_its_fragments(stream: tuple[int, list[tuple[int, int]]]) -> None:
    with decoded_video(*stream) as (rate, frames):
        assert rate == Fraction(25)
        assert [round(float(frame.mean())) for frame in frames] == GREYS
    with decoded_video(*stream, first=5) as (_, frames):
        assert abs(next(frames).mean() - GREYS[-1]) < 2
        assert next(frames, None) is None


def test_more_than_is_held_in_memory_is_refused(
    stream: tuple[int, list[tuple[int, int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_process, "_MOST_BYTES", 100)
    with pytest.raises(NotTranscodable):
        repacked_mp4(*stream)


def test_files_that_name_other_files_get_nothing_of_them(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    playlist = tmp_path / "playlist"
    playlist.write_bytes(f"#EXTM3U\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n".encode())
    with playlist.open("rb") as file, pytest.raises(NotTranscodable):
        repacked_mp4(file.fileno(), [(0, playlist.stat().st_size)])


def test_who_finds_all_places_taken_is_told_to_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_process, "_PATIENCE_SECONDS", 0.01)
    places = threading.BoundedSemaphore(1)
    monkeypatch.setattr(video_process, "_places", lambda: places)
    with video_place(), pytest.raises(Problem, match="ask again"), video_place():
        pass
    with video_place():
        pass
