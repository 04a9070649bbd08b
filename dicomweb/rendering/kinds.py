"""As what an instance can be rendered: each kind of object with what makes its rendering (PS3.18 Section 8.7.4)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from archive.retrieve import StoredInstance
from dicomweb.problems import Problem, not_acceptable
from dicomweb.ranges import Content
from dicomweb.rendering.documents import DocumentRendering
from dicomweb.rendering.images import ImageRendering
from dicomweb.rendering.parameters import RenderingParameters
from dicomweb.rendering.presentation_states import PresentationRendering
from dicomweb.rendering.reports import ReportRendering
from dicomweb.rendering.stored_video import VideoRendering, is_video
from dicomweb.rendering.structure_sets import StructureRendering
from dicomweb.services import Services

_STORAGE: Final = "1.2.840.10008.5.1.4.1.1"
_REPORTS: Final = f"{_STORAGE}.88."
# Grayscale, Color, Pseudo-Color and Blending Softcopy Presentation State.
_PRESENTATION_STATES: Final = frozenset(f"{_STORAGE}.11.{number}" for number in (1, 2))
_STRUCTURE_SET: Final = f"{_STORAGE}.481.3"
_DOCUMENTS: Final = f"{_STORAGE}.104."


class Rendering(Protocol):
    """A way to show an object."""

    @property
    def media_types(self) -> Sequence[str]:
        """What it can be given as, the default first."""

    def make(self, media_type: str, wanted: RenderingParameters) -> Content:
        """Show the object as one of the media types."""


Open = Callable[[Services, str, StoredInstance], Rendering]


def open_rendering(services: Services, tenant: str, instance: StoredInstance) -> Rendering:
    """Give the way to show an instance.

    Raises
    ------
    Problem
        406 when there is none.
    """
    return _opening(instance)(services, tenant, instance)


def stands_alone(instance: StoredInstance) -> bool:
    """Tell whether what is shown is decided by this object only, and not by others that it refers to."""
    return _opening(instance) not in {PresentationRendering, StructureRendering}


def shows_pixels(instance: StoredInstance) -> bool:
    """Tell whether an instance is shown as pictures of its own pixels, which are no video."""
    try:
        return _opening(instance) is _image and not is_video(instance.transfer_syntax_uid)
    except Problem:
        return False


def _opening(instance: StoredInstance) -> Open:
    sop_class = instance.sop_class_uid
    if sop_class in _BY_CLASS:
        return _BY_CLASS[sop_class]
    if sop_class.startswith(_REPORTS):
        return ReportRendering
    if sop_class.startswith(_DOCUMENTS):
        return DocumentRendering
    if instance.rows:
        return _image
    raise not_acceptable("There is no way to render objects of this kind.")


def open_pictures(services: Services, instance: StoredInstance, number: int | None = None) -> Rendering:
    """Give the way to show an image, or one of its frames, counted from 1."""
    if is_video(instance.transfer_syntax_uid):
        return VideoRendering(services, instance, number)
    return ImageRendering(services, instance, number)


def _image(services: Services, _tenant: str, instance: StoredInstance) -> Rendering:
    return open_pictures(services, instance)


_BY_CLASS: Final[Mapping[str, Open]] = {
    _STRUCTURE_SET: StructureRendering,
    **dict.fromkeys(_PRESENTATION_STATES, PresentationRendering),
}
