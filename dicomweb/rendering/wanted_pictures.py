"""Which pictures of a series are made before anybody asks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archive.retrieve import StoredInstance
from dicomweb.rendering.encoding import JPEG
from dicomweb.rendering.kinds import shows_pixels
from dicomweb.rendering.middle import middle_frame, middle_of
from dicomweb.rendering.parameters import RenderingParameters
from dicomweb.rendering.picture_names import THUMBNAIL, prepared_name


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPicture:
    """A picture that somebody will ask for: as JPEG.

    Parameters
    ----------
    name
        What it is called.
    instance, number
        The image, and its frame, counted from 1.
    parameters
        How it is shown.
    """

    name: str
    instance: StoredInstance
    number: int
    parameters: RenderingParameters


def wanted_pictures(instances: Sequence[StoredInstance]) -> Iterator[WantedPicture]:
    """Give what is made of a series: the small picture that stands for it, and one of each image, in order."""
    images = [instance for instance in instances if shows_pixels(instance)]
    if images:
        middle = middle_of(images)
        yield from _wanted(middle, middle_frame(middle), RenderingParameters(viewport=THUMBNAIL))
    for image in images:
        yield from _wanted(image, 1, RenderingParameters())


def _wanted(image: StoredInstance, number: int, parameters: RenderingParameters) -> Iterator[WantedPicture]:
    name = prepared_name(image.key, number, JPEG, parameters)
    if name is not None:
        yield WantedPicture(name=name, instance=image, number=number, parameters=parameters)
