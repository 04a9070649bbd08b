"""The child process that makes pictures before anybody asks: under limits, and behind everybody else on the machine.

Messages are those of `archive.decoding_messages`; `dicomweb.rendering.picture_process` starts it and is the only one to
talk to it. Its arguments are the folder of the object files, the memory limit in bytes and the seconds for one picture.
"""

import os
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from json import loads
from pathlib import Path
from typing import Any, BinaryIO, Final

from archive.decoding import DecodingPool, PixelWorker
from archive.decoding_messages import LENGTHS, send_message
from archive.retrieve import StoredInstance
from dicomweb.caching import SizedCache
from dicomweb.frame_places import FramePlaces, frame_places_cache
from dicomweb.rendering.encoding import JPEG
from dicomweb.rendering.images import encoded_image
from dicomweb.rendering.parameters import RenderingParameters, Viewport

_LAST_IN_LINE: Final = 19


@dataclass(frozen=True, slots=True)
class _Files:
    folder: Path

    def path(self, key: str) -> Path:
        return self.folder / key


@dataclass(frozen=True, slots=True, kw_only=True)
class _Services:
    blobs: _Files
    decoder: PixelWorker
    frame_places: SizedCache[FramePlaces] = field(default_factory=frame_places_cache)


def serve(source: BinaryIO, target: BinaryIO, services: _Services, seconds: int) -> None:
    """Make one picture for each message, until nobody sends one."""
    while head := source.read(LENGTHS.size):
        length, _ = LENGTHS.unpack(head)
        asked = loads(source.read(length))
        signal.alarm(seconds)
        answer, picture = _answer(services, asked)
        signal.alarm(0)
        send_message(target, answer, picture)


def _answer(services: _Services, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    wanted = RenderingParameters(viewport=Viewport(*asked["size"]) if asked["size"] else None)
    try:
        return {}, encoded_image(services, StoredInstance(**asked["instance"]), asked["number"], JPEG, wanted)
    except Exception as error:  # noqa: BLE001 - process edge: whatever cannot be shown is only not made
        return {"error": type(error).__name__}, b""


def _stand_back() -> None:
    """Let everybody else on the machine go first."""
    os.nice(_LAST_IN_LINE)
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _confine(memory_bytes: int) -> None:
    """Give up what is not needed: memory beyond the limit, core files, and writing files."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(limit, (0, 0))


def main() -> None:
    """Run the worker."""
    folder, memory_bytes, seconds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    # Codecs may print; nothing but answers may stand in the pipe.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _confine(memory_bytes)
    with DecodingPool(workers=1, timeout_seconds=max(1, seconds - 5)) as decoder:
        serve(sys.stdin.buffer, answers, _Services(blobs=_Files(folder), decoder=decoder), seconds)


if __name__ == "__main__":
    _stand_back()
    main()
