"""Video that is stored as such: as it is, or made into what browsers play (PS3.18 Sections 8.7.3.3 and 8.7.4)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, Final

import numpy as np

from archive.errors import NotFound, NotTranscodable
from archive.retrieve import StoredInstance
from dicomweb.locating import file_of
from dicomweb.ranges import Content, content_of
from dicomweb.rendering.annotation import lines_of
from dicomweb.rendering.attributes import read_header
from dicomweb.rendering.bounds import ANIMATION, VIDEO
from dicomweb.rendering.encoding import GIF, MEDIA_TYPES, Finish, encode_animation, encode_picture
from dicomweb.rendering.images import frame_milliseconds
from dicomweb.rendering.parameters import RenderingParameters
from dicomweb.rendering.stored_stream import StoredStream, stored_stream
from dicomweb.rendering.video import MP4, encode_video, rate_of
from dicomweb.rendering.video_process import decoded_video, repacked_mp4, video_place
from dicomweb.services import Services

Array = np.ndarray[Any, Any]

_MPEG: Final = "video/mpeg"
_H265: Final = "video/H265"
VIDEO_TYPES: Final = (MP4, _MPEG, _H265)
"""What video is given as; the last two only where it is stored like that."""
_SYNTAX: Final = "1.2.840.10008.1.2.4"
_STORED: Final[Mapping[str, str]] = {
    f"{_SYNTAX}.{number}{fragmentable}": media_type
    for numbers, media_type in (((100, 101), _MPEG), (range(102, 107), MP4), ((107, 108), _H265))
    for number in numbers
    for fragmentable in ("", ".1")
}
# A video that goes on in pieces of this size is sent from its file; one in memory is made of less.
_MOST_REPACKED_BYTES: Final = 128 << 20
_SOME_MORE: Final = 256


def is_video(transfer_syntax_uid: str) -> bool:
    """Tell whether the pixel data in a transfer syntax is one stream of video (PS3.5 Sections A.4.5 to A.4.9)."""
    return transfer_syntax_uid in _STORED


def video_content(services: Services, instance: StoredInstance) -> Content:
    """Give a video as its pixel data has it, as bulk data (PS3.18 Section 8.7.3.3)."""
    syntax = instance.transfer_syntax_uid
    return stored_stream(file_of(services, instance), instance).content(f"{_STORED[syntax]};transfer-syntax={syntax}")


class VideoRendering:
    """Gives a stored video, or pictures of it.

    Parameters
    ----------
    services
        What it works with.
    instance
        The video.
    number
        The frame, counted from 1; none for all, of which a still picture shows the first.
    """

    def __init__(self, services: Services, instance: StoredInstance, number: int | None = None) -> None:
        self._services = services
        self._instance = instance
        self._number = number
        self._stored = _STORED[instance.transfer_syntax_uid]
        moving = dict.fromkeys((self._stored, MP4)) if number is None else ()
        self.media_types: Sequence[str] = (*moving, *MEDIA_TYPES)

    def make(self, media_type: str, wanted: RenderingParameters) -> Content:
        """Give the stream as it is where that is what is wanted; make something of it otherwise, or take it as made.

        Only MP4 is made: of streams in other media types neither size nor text can be changed.
        """
        stream = stored_stream(file_of(self._services, self._instance), self._instance)
        if media_type == self._stored:
            as_it_is = stream.as_mp4() if media_type == MP4 else stream
            if as_it_is is not None and not (media_type == MP4 and _changes(wanted)):
                return as_it_is.content(media_type)
        key = (self._instance.key, self._number, media_type, wanted)
        data = self._services.rendered.get_or_make(key, lambda: self._made(stream, media_type, wanted))
        return content_of(data, media_type)

    def _made(self, stream: StoredStream, media_type: str, wanted: RenderingParameters) -> bytes:
        header = read_header(self._services, self._instance)
        finish = Finish(lines=lines_of(header, wanted.annotation))
        with video_place(), stream.open() as descriptor:
            if media_type == MP4:
                repacked = self._repacked(stream, descriptor, wanted)
                return repacked or _encoded(stream, descriptor, header, wanted, finish)
            if media_type == GIF and self._number is None:
                pixels = stream.pixels
                ANIMATION.require(pixels.number_of_frames, pixels.rows * pixels.columns, wanted)
                with _opened(stream, descriptor, header) as (rate, frames):
                    return encode_animation(frames, float(1000 / rate), wanted, finish)
            return encode_picture(_frame(stream, descriptor, self._number or 1), media_type, wanted, finish)

    def _repacked(self, stream: StoredStream, descriptor: int, wanted: RenderingParameters) -> bytes | None:
        """Move what is coded as it should be, but in another container; none where that cannot be."""
        if (
            self._stored != MP4
            or wanted.viewport is not None
            or wanted.annotation
            or stream.size > _MOST_REPACKED_BYTES
        ):
            return None
        try:
            return repacked_mp4(descriptor, stream.spans)
        except NotTranscodable:
            # A stream without any container says nothing of the times of its frames.
            return None


def _changes(wanted: RenderingParameters) -> bool:
    """Tell whether the pictures themselves are wanted otherwise; windows have no meaning for colours."""
    return wanted.viewport is not None or bool(wanted.annotation)


def _encoded(
    stream: StoredStream, descriptor: int, header: Mapping[str, Any], wanted: RenderingParameters, finish: Finish
) -> bytes:
    pixels = stream.pixels
    VIDEO.require(pixels.number_of_frames, pixels.rows * pixels.columns, wanted)
    with _opened(stream, descriptor, header) as (rate, frames):
        # Real streams have some more frames than is said of them.
        return encode_video(frames, 2 * pixels.number_of_frames + _SOME_MORE, rate, wanted, finish)


@contextmanager
def _opened(
    stream: StoredStream, descriptor: int, header: Mapping[str, Any]
) -> Iterator[tuple[Fraction, Iterator[Array]]]:
    """Decode a video; its rate is that of the data set where it says none itself."""
    with decoded_video(descriptor, stream.spans) as (rate, frames):
        yield rate or rate_of(frame_milliseconds(header)), frames


def _frame(stream: StoredStream, descriptor: int, number: int) -> Array:
    with decoded_video(descriptor, stream.spans, number) as (_, frames):
        frame = next(frames, None)
    if frame is None:
        raise NotFound(f"There is no frame {number}.")
    return frame
