"""Videos for the tests: what the service answers with, read again, and streams to be stored."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import httpx
import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from tests.dicomweb.objects import image

Array = np.ndarray[Any, Any]
VIDEO_PHOTOGRAPHIC = "1.2.840.10008.5.1.4.1.1.77.1.4.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A video, decoded: its frames are RGB."""

    codec: str
    pixel_format: str
    rate: Fraction
    seconds: float
    frames: Sequence[Array]

    @property
    def greys(self) -> list[int]:
        """The mean of each frame."""
        return [round(float(frame.mean())) for frame in self.frames]


def read_video(content: bytes, container_format: str = "mp4") -> Read:
    """Decode a video with FFmpeg."""
    reader: Any = av.open(io.BytesIO(content), format=container_format)
    with reader as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        return Read(
            codec=stream.codec_context.name,
            pixel_format=str(stream.codec_context.pix_fmt),
            rate=stream.average_rate or Fraction(0),
            seconds=float((stream.duration or 0) * (stream.time_base or 0)),
            frames=frames,
        )


def read_answer(answer: httpx.Response) -> Read:
    """Decode the video of an answer."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "video/mp4"
    return read_video(answer.content)


def boxes(content: bytes) -> list[bytes]:
    """List the boxes of an MP4 file."""
    found, position = [], 0
    while position + 8 <= len(content):
        found.append(content[position + 4 : position + 8])
        position += int.from_bytes(content[position : position + 4], "big")
    return found


def stream_of(
    frames: Sequence[Array], container_format: str, codec: str, rate: int = 25, options: Mapping[str, str] | None = None
) -> bytes:
    """Encode RGB frames, nearly without loss."""
    out = io.BytesIO()
    with av.open(out, "w", format=container_format) as container:
        stream: Any = container.add_stream(codec, rate=rate, options=dict(options or {}))
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.bit_rate, stream.codec_context.thread_count = "yuv420p", 8_000_000, 1
        for number, samples in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(samples, format="rgb24").reformat(format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def video(content: bytes, frames: Sequence[Array], fragment_bytes: int | None = None, **attributes: Any) -> Dataset:
    """Make an object of a stream, in one fragment or several."""
    size = fragment_bytes or len(content)
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    ds = image(
        frames[0],
        SOPClassUID=VIDEO_PHOTOGRAPHIC,
        Modality="XC",
        NumberOfFrames=len(frames),
        SamplesPerPixel=3,
        PhotometricInterpretation="YBR_PARTIAL_420",
        PlanarConfiguration=0,
        FrameTime="40",
        PixelData=encapsulate(pieces, has_bot=False),
        **attributes,
    )
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return ds
