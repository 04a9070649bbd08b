"""Pictures of images: of one frame, or of all of them as moving ones."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from archive.encodings import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from archive.outline import Outline
from archive.retrieve import StoredInstance
from dicomweb.data_set_beginning import read_beginning
from dicomweb.frame_source import FrameSource
from dicomweb.locating import file_of
from dicomweb.problems import not_acceptable
from dicomweb.ranges import Content, content_of
from dicomweb.reading_at_once import NotAtHand
from dicomweb.rendering.annotation import lines_of
from dicomweb.rendering.attributes import display_of, number_of, read_header, values_of
from dicomweb.rendering.bounds import ANIMATION, VIDEO
from dicomweb.rendering.colours import coloured
from dicomweb.rendering.encoding import GIF, JPEG, MEDIA_TYPES, Finish, encode_animation, encode_picture
from dicomweb.rendering.image_header import ImageHeader
from dicomweb.rendering.parameters import RenderingParameters
from dicomweb.rendering.picture_names import prepared_name
from dicomweb.rendering.pictures import picture
from dicomweb.rendering.video import MP4, encode_video, rate_of
from dicomweb.rendering.video_process import video_place
from dicomweb.services import ImageServices, Services

Array = np.ndarray[Any, Any]

# A CT slice: to make a picture of more would hold up other requests for too long.
_MOST_QUICK_SAMPLES: Final = 1 << 18
# Of each sequence that says how pixels are shown: the functional groups of a hundred frames take ten times as long to
# read as the picture to make.
_MOST_QUICK_BYTES: Final = 4 << 10
# Modality LUT, VOI LUT, Shared and Per-Frame Functional Groups.
_SEQUENCES: Final = (0x00283000, 0x00283010, 0x52009229, 0x52009230)
_NATIVE: Final = frozenset({IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN})
# Larger frames, of slides as a whole, would take gigabytes on their way to a picture.
_MOST_PIXELS: Final = 100_000_000
_FRAME_TIME, _FRAME_TIMES = "00181063", "00181065"
_RATES: Final = ("00082144", "00180040")
_USUAL_MILLISECONDS: Final = 100.0


class ImageRendering:
    """Makes pictures of an image.

    Parameters
    ----------
    services
        What it works with.
    instance
        The image.
    number
        The frame, counted from 1; none for all, of which a still picture shows the first.
    """

    def __init__(self, services: Services, instance: StoredInstance, number: int | None = None) -> None:
        self._services = services
        self._instance = instance
        self._number = number
        moving = number is None and (instance.number_of_frames or 1) > 1
        self.media_types: Sequence[str] = (*MEDIA_TYPES, MP4) if moving else MEDIA_TYPES

    def make(self, media_type: str, wanted: RenderingParameters) -> Content:
        """Make a picture, or take one that was made already."""
        known = self._made(media_type, wanted, waits=True)
        if known is None:
            known = self._make(media_type, wanted, waits=True)
        return content_of(known, media_type)

    def at_hand(self, media_type: str, wanted: RenderingParameters) -> Content:
        """Give a picture that is in memory, or made in no time of what is.

        Raises
        ------
        NotAtHand
            It has to be waited for.
        """
        known = self._made(media_type, wanted, waits=False)
        if known is None:
            if not _is_quick(self._instance, media_type, wanted):
                raise NotAtHand
            known = self._make(media_type, wanted, waits=False)
        return content_of(known, media_type)

    def _make(self, media_type: str, wanted: RenderingParameters, *, waits: bool) -> bytes:
        picture = encoded_image(self._services, self._instance, self._number, media_type, wanted, waits=waits)
        self._services.rendered.put((self._instance.key, self._number, media_type, wanted), picture)
        return picture

    def _made(self, media_type: str, wanted: RenderingParameters, *, waits: bool) -> bytes | None:
        known = self._services.rendered.get((self._instance.key, self._number, media_type, wanted))
        if known is not None or self._services.prepared is None:
            return known
        name = prepared_name(self._instance.key, self._number or 1, media_type, wanted)
        if name is None:
            return None
        uids = self._instance.study_instance_uid, self._instance.series_instance_uid
        return self._services.prepared.get(*uids, name, waits=waits)


def _is_quick(instance: StoredInstance, media_type: str, wanted: RenderingParameters) -> bool:
    """Tell whether a picture takes so little time that a change of thread would add a quarter to it.

    Others wait meanwhile, but not longer than they would for the interpreter's lock: to encode JPEG takes half of the
    time, and holds it.
    """
    pixels = (instance.rows or 0) * (instance.columns or 0)
    is_plain = not (wanted.viewport or wanted.annotation or wanted.profile)
    is_native = instance.transfer_syntax_uid in _NATIVE
    return media_type == JPEG and is_plain and is_native and 0 < pixels <= _MOST_QUICK_SAMPLES


def encoded_image(
    services: ImageServices,
    instance: StoredInstance,
    number: int | None,
    media_type: str,
    wanted: RenderingParameters,
    *,
    waits: bool = True,
) -> bytes:
    """Make a picture of an image, or of one of its frames, as one of the media types.

    Raises
    ------
    NotTranscodable, NotFound, Problem
        There is none.
    NotAtHand
        Nobody may wait, and something has to be waited for.
    """
    source, header = open_image(services, instance, waits=waits)
    if not waits and (source.pixels.encapsulated or source.pixels.samples_per_frame > _MOST_QUICK_SAMPLES):
        raise NotAtHand

    def colours(frame: int) -> tuple[Array, bytes | None]:
        shades = picture(source.decode(frame), source.pixels, display_of(header, frame), wanted.window)
        return coloured(shades, header, wanted.profile, services.decoder)

    lines = lines_of(header, wanted.annotation)
    if media_type == MP4 or (media_type == GIF and number is None and source.count > 1):
        frames = (colours(frame)[0] for frame in range(1, source.count + 1))
        encode = _video if media_type == MP4 else _animation
        return encode(frames, source, frame_milliseconds(header), wanted, Finish(lines=lines))
    shades, profile = colours(number or 1)
    return encode_picture(shades, media_type, wanted, Finish(lines=lines, profile=profile))


def open_image(
    services: ImageServices, instance: StoredInstance, *, waits: bool = True
) -> tuple[FrameSource, Mapping[str, Any]]:
    """Open the frames of an image that can be made pictures of, and its attributes.

    Raises
    ------
    Problem
        406 when they are too large.
    NotAtHand
        Nobody may wait, and not all of the data set is in memory, or it is one that has to be looked at twice or for
        long.
    """
    beginning = read_beginning(file_of(services, instance), instance, waits=waits)
    if not waits and (beginning is None or _is_long(beginning.outline)):
        raise NotAtHand
    source = FrameSource(services, instance, beginning=beginning)
    if source.pixels.rows * source.pixels.columns > _MOST_PIXELS:
        raise not_acceptable("A frame of this size is not rendered.")
    return source, read_header(services, instance) if beginning is None else ImageHeader(beginning)


def _is_long(outline: Outline) -> bool:
    """Tell whether one of the sequences that say how pixels are shown takes long to read."""
    ends = [*outline.places.values(), outline.pixels or 0]
    begins = [outline.places[tag] for tag in _SEQUENCES if tag in outline.places]
    return any(min(end for end in ends if end > begin) - begin > _MOST_QUICK_BYTES for begin in begins)


def frame_milliseconds(header: Mapping[str, Any]) -> float:
    """Give the time of a frame: as it was taken, or as it is recommended (PS3.3 Sections C.7.6.5 and C.7.6.6)."""
    times = [time for time in values_of(header, _FRAME_TIMES)[1:] if isinstance(time, int | float) and time > 0]
    time = number_of(header, _FRAME_TIME) or (sum(times) / len(times) if times else 0)
    rate = next((rate for rate in (number_of(header, tag) for tag in _RATES) if rate and rate > 0), None)
    return (1000 / rate if rate else time) or _USUAL_MILLISECONDS


def _animation(
    frames: Iterable[Array], source: FrameSource, milliseconds: float, wanted: RenderingParameters, finish: Finish
) -> bytes:
    ANIMATION.require(source.count, source.pixels.rows * source.pixels.columns, wanted)
    return encode_animation(frames, milliseconds, wanted, finish)


def _video(
    frames: Iterable[Array], source: FrameSource, milliseconds: float, wanted: RenderingParameters, finish: Finish
) -> bytes:
    VIDEO.require(source.count, source.pixels.rows * source.pixels.columns, wanted)
    with video_place():
        return encode_video(frames, source.count, rate_of(milliseconds), wanted, finish)
