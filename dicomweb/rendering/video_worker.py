"""The child process that makes and reads video: it alone loads FFmpeg, under limits, and may die of what it reads.

Messages are those of `archive.decoding_messages`; `dicomweb.rendering.video_process` starts it and is the only one to
talk to it. A process serves one video.
"""

import io
import os
import signal
import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import accumulate, islice
from json import loads
from typing import Any, BinaryIO, Final

import av
import numpy as np

from archive.confinement import confine
from archive.decoding_messages import LENGTHS, send_message

# Room for the index of a file before its samples, so that a browser can play it while it arrives.
_INDEX_BYTES: Final = 8192
_INDEX_BYTES_A_FRAME: Final = 64
# PS3.5 Sections 8.2.5 to 8.2.10: MPEG-2, H.264 and HEVC, alone or in a container; nothing else is looked at.
_READ: Final = {
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,mpegts,mpeg,mpegvideo,h264,hevc",
    "codec_whitelist": "h264,hevc,mpeg2video,mpeg1video",
    "protocol_whitelist": "",
}
# BT.709 in the range of video: what browsers assume, said all the same.
_BT709, _VIDEO_RANGE = 1, 1
_COLOURS: Final = 3
_BARE: Final = frozenset({"h264", "hevc"})


class Fragments(io.RawIOBase):
    """The fragments of encapsulated pixel data as one file to be read.

    Parameters
    ----------
    descriptor
        The file of the object.
    spans
        Start and length of each fragment in it.
    """

    def __init__(self, descriptor: int, spans: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._spans = spans
        self._ends = list(accumulate(length for _, length in spans))
        self._position = 0

    def readable(self) -> bool:
        """Tell that it is one to read."""
        return True

    def seekable(self) -> bool:
        """Tell that every position can be gone to."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a position."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._ends[-1]}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        """Read what is left of the fragment at the position, as far as it fits."""
        number = bisect_right(self._ends, self._position)
        if number == len(self._spans):
            return 0
        start, length = self._spans[number]
        left = self._ends[number] - self._position
        content = os.pread(self._descriptor, min(left, len(buffer)), start + length - left)
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)


def encode(source: BinaryIO, target: BinaryIO, seconds: int) -> None:
    """Make an MP4 file with H.264 of pictures that come one by one."""
    asked, _ = _receive(source)
    rate = Fraction(*asked["rate"])
    out = io.BytesIO()
    index = _INDEX_BYTES + _INDEX_BYTES_A_FRAME * asked["frames"]
    with av.open(out, "w", format="mp4", options={"moov_size": str(index)}) as container:
        stream: Any = None
        for number, samples in enumerate(_pictures(source)):
            with _limited(seconds):
                stream = stream or _stream(container, samples, rate, asked["crf"])
                if samples.shape[:2] != (stream.height, stream.width):
                    raise ValueError("the frames differ in size")
                container.mux(stream.encode(_frame(samples, number, rate)))
        with _limited(seconds):
            container.mux(stream.encode(None))
    send_message(target, {}, out.getvalue())


def decode(source: BinaryIO, target: BinaryIO, seconds: int) -> None:
    """Give the pictures of a stored video one by one, as RGB; first its rate, last an empty message."""
    asked, _ = _receive(source)
    fragments = Fragments(asked["descriptor"], asked["spans"])
    with _limited(seconds), _reader(fragments) as container:
        stream = container.streams.video[0]
        # As many as there are cores would take the address space for their stacks.
        stream.codec_context.thread_count = 1
        # Without a container the rate is one that FFmpeg makes up.
        rate = Fraction(0) if container.format.name in _BARE else stream.average_rate or Fraction(0)
        send_message(target, {"rate": [rate.numerator, rate.denominator]}, b"")
        for frame in islice(container.decode(stream), asked["first"] - 1, None):
            picture = frame.to_ndarray(format="rgb24")
            signal.alarm(0)
            send_message(target, {"shape": list(picture.shape)}, picture.tobytes())
            signal.alarm(seconds)
    send_message(target, {"end": True}, b"")


def repack(source: BinaryIO, target: BinaryIO, seconds: int) -> None:
    """Move a stored video, as it is coded, from its container into an MP4 file."""
    asked, _ = _receive(source)
    fragments = Fragments(asked["descriptor"], asked["spans"])
    with _limited(seconds):
        with _reader(fragments) as container:
            times = [packet.pts for packet in container.demux(video=0) if packet.pts is not None]
        fragments.seek(0)
        # Recorders count from when they were switched on; players would wait for as long.
        begin = min(times)
        out = io.BytesIO()
        index = _INDEX_BYTES + _INDEX_BYTES_A_FRAME * len(times)
        with (
            _reader(fragments) as container,
            av.open(out, "w", format="mp4", options={"moov_size": str(index)}) as copy,
        ):
            stream = copy.add_stream_from_template(container.streams.video[0])
            for packet in container.demux(video=0):
                if packet.pts is not None and packet.dts is not None:
                    packet.pts, packet.dts, packet.stream = packet.pts - begin, packet.dts - begin, stream
                    copy.mux(packet)
    send_message(target, {}, out.getvalue())


def _reader(file: Any) -> Any:
    return av.open(file, container_options=_READ)


@contextmanager
def _limited(seconds: int) -> Iterator[None]:
    """End the process when this takes too long; waiting for the other side does not count."""
    signal.alarm(seconds)
    yield
    signal.alarm(0)


def _receive(source: BinaryIO) -> tuple[dict[str, Any], bytes]:
    description_length, data_length = LENGTHS.unpack(source.read(LENGTHS.size))
    description: dict[str, Any] = loads(source.read(description_length))
    return description, source.read(data_length)


def _pictures(source: BinaryIO) -> Iterator["np.ndarray[Any, Any]"]:
    while True:
        description, content = _receive(source)
        if "shape" not in description:
            return
        yield np.frombuffer(content, np.uint8).reshape(description["shape"])


def _stream(container: Any, samples: "np.ndarray[Any, Any]", rate: Fraction, crf: float) -> Any:
    options = {"preset": "veryfast", "crf": str(crf), "rc-lookahead": "10"}
    stream = container.add_stream("libx264", rate=rate, options=options)
    stream.height, stream.width = samples.shape[:2]
    stream.pix_fmt = "yuv420p"
    coding = stream.codec_context
    coding.thread_count, coding.gop_size, coding.max_b_frames = 1, 30, 0
    coding.colorspace = coding.color_primaries = coding.color_trc = _BT709
    coding.color_range = _VIDEO_RANGE
    return stream


def _frame(samples: "np.ndarray[Any, Any]", number: int, rate: Fraction) -> Any:
    # Grey as colour: converted directly it is rounded down, and the video would be too dark.
    colours = samples if samples.ndim == _COLOURS else np.stack([samples] * _COLOURS, axis=-1)
    frame = av.VideoFrame.from_ndarray(colours, format="rgb24")
    frame = frame.reformat(format="yuv420p", dst_colorspace=_BT709, dst_color_range=_VIDEO_RANGE)
    frame.pts, frame.time_base, frame.duration = number, 1 / rate, 1
    return frame


def _load_all() -> None:
    """Write and read a video of one frame: parts of the library are loaded when they are first used."""
    out = io.BytesIO()
    blank = np.zeros((16, 16, 3), np.uint8)
    with av.open(out, "w", format="mp4") as container:
        stream = _stream(container, blank, Fraction(1), 20)
        container.mux(stream.encode(_frame(blank, 0, Fraction(1))))
        container.mux(stream.encode(None))
    with _reader(io.BytesIO(out.getvalue())) as container:
        copy = av.open(io.BytesIO(), "w", format="mp4")
        copy.add_stream_from_template(container.streams.video[0])
        for frame in container.decode(video=0):
            frame.to_ndarray(format="rgb24")


def main() -> None:
    """Run the worker: arguments are the task, the memory limit in bytes and the seconds for one step."""
    task, memory_bytes, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    # Codecs may print; nothing but answers may stand in the pipe.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _load_all()
    confine(memory_bytes, opens_files=False)
    try:
        {"encode": encode, "decode": decode, "repack": repack}[task](sys.stdin.buffer, answers, seconds)
    except Exception as error:  # noqa: BLE001 - process edge: codecs raise whatever they like
        signal.alarm(0)
        send_message(answers, {"error": type(error).__name__}, b"")


if __name__ == "__main__":
    main()
