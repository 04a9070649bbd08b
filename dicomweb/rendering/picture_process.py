"""Pictures made ahead in a limited child process that waits for everybody else on the machine."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from archive.errors import NotTranscodable
from archive.retrieve import StoredInstance
from dicomweb.rendering.child_process import ChildProcess, ProcessEnded
from dicomweb.rendering.encoding import JPEG
from dicomweb.rendering.kinds import shows_pixels
from dicomweb.rendering.middle import middle_frame, middle_of
from dicomweb.rendering.parameters import RenderingParameters
from dicomweb.rendering.prepared import THUMBNAIL, prepared_name

_FAILURE: Final = "Making the picture took too much memory or time."


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPicture:
    """A picture that somebody will ask for.

    Parameters
    ----------
    name
        Under which it is kept.
    instance, number
        The image, and its frame, counted from 1.
    is_small
        Whether it stands for the series in a list.
    """

    name: str
    instance: StoredInstance
    number: int
    is_small: bool


def wanted_pictures(instances: Sequence[StoredInstance]) -> Iterator[WantedPicture]:
    """Give what is made of a series: the small picture that stands for it, and one of each image, in order."""
    images = [instance for instance in instances if shows_pixels(instance)]
    if images:
        middle = middle_of(images)
        yield _wanted(middle, middle_frame(middle), is_small=True)
    for instance in images:
        yield _wanted(instance, 1, is_small=False)


def _wanted(instance: StoredInstance, number: int, *, is_small: bool) -> WantedPicture:
    parameters = RenderingParameters(viewport=THUMBNAIL if is_small else None)
    name = prepared_name(instance.key, number, JPEG, parameters) or instance.key
    return WantedPicture(name=name, instance=instance, number=number, is_small=is_small)


class PictureProcess:
    """Makes pictures, one at a time. The process is started when it is first needed.

    Parameters
    ----------
    folder
        Where the object files are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._child: ChildProcess | None = None

    def make(self, wanted: WantedPicture) -> bytes | None:
        """Make a picture; None where there is none, or where it takes too much memory or time."""
        if self._child is None:
            self._child = ChildProcess("dicomweb.rendering.picture_worker", str(self._folder), failure=_FAILURE)
        size = [THUMBNAIL.width, THUMBNAIL.height] if wanted.is_small else None
        asked = {"instance": asdict(wanted.instance), "number": wanted.number, "size": size}
        try:
            self._child.send(asked)
            return self._child.receive()[1]
        except ProcessEnded:
            self.stop()
            return None
        except NotTranscodable:
            return None

    def stop(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()
