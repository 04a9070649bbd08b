"""The child process that makes pictures before anybody asks: under limits, and behind everybody else on the machine.

Messages are those of `archive.decoding_messages`; `dicomweb.rendering.picture_process` starts it and is the only one to
talk to it. Its arguments are the folder of the object files, the memory limit in bytes and the seconds for one picture.
"""

import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from archive.confinement import confine
from archive.decoding import DecodingPool, PixelWorker
from archive.decoding_messages import LENGTHS, send_message
from archive.retrieve import StoredInstance
from dicomweb.caching import SizedCache
from dicomweb.frame_places import FramePlaces, frame_places_cache
from dicomweb.rendering.encoding import JPEG
from dicomweb.rendering.images import encoded_image
from dicomweb.rendering.wanted_pictures import WantedPicture, wanted_pictures

_LAST_IN_LINE: Final = 19
_WAITS: Final = 10


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


class _Series:
    """The series whose pictures are made."""

    def __init__(self, services: _Services) -> None:
        self._services = services
        self._wanted: list[WantedPicture] = []

    def begin(self, content: bytes) -> bytes:
        instances = [StoredInstance(**described) for described in json.loads(content)]
        self._wanted = list(wanted_pictures(instances))
        return json.dumps([wanted.name for wanted in self._wanted]).encode()

    def make(self, number: int) -> bytes:
        wanted = self._wanted[number]
        return encoded_image(self._services, wanted.instance, wanted.number, JPEG, wanted.parameters)


def serve(source: BinaryIO, target: BinaryIO, services: _Services, seconds: int) -> None:
    """Answer messages, a series or the number of a picture of it, until nobody sends one."""
    series = _Series(services)
    while head := source.read(LENGTHS.size):
        length, data_length = LENGTHS.unpack(head)
        asked, content = json.loads(source.read(length)), source.read(data_length)
        # What it works counts; a machine that has more important things to do may let it wait for long.
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.alarm(_WAITS * seconds)
        answer, data = _answer(series, asked, content)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        send_message(target, answer, data)


def _answer(series: _Series, asked: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        return {}, series.make(asked["number"]) if "number" in asked else series.begin(content)
    except Exception as error:  # noqa: BLE001 - process edge: whatever cannot be shown is only not made
        return {"error": type(error).__name__}, b""


def _stand_back() -> None:
    """Let everybody else on the machine go first, and be the first to go when memory runs out."""
    os.nice(_LAST_IN_LINE)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def main() -> None:
    """Run the worker."""
    folder, memory_bytes, seconds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    # Codecs may print; nothing but answers may stand in the pipe.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    confine(memory_bytes)
    # Ends before the alarm does, so that a frame that takes long costs the decoder only.
    with DecodingPool(workers=1, timeout_seconds=(_WAITS - 1) * seconds // 2) as decoder:
        serve(sys.stdin.buffer, answers, _Services(blobs=_Files(folder), decoder=decoder), seconds)


if __name__ == "__main__":
    _stand_back()
    main()
