"""Making pictures of complete series while nobody sends, so that the first look at an image waits for nothing."""

import threading
import time
from collections import deque
from typing import Final

import structlog

from archive import series_pictures, space
from archive.errors import NodeError
from archive.retrieve import instances
from archive.series_metadata import SeriesState
from dicomweb.rendering.picture_process import PictureProcess
from dicomweb.rendering.prepared import PictureFile, PreparedPictures
from isocenter.picture_keeping import prune, sweep
from isocenter.wiring import Node

_PAUSE_SECONDS: Final = 0.5
# Senders pause between objects; who did not send for so long is not held up by what is begun now.
_QUIET_SECONDS: Final = 2.0
_PICTURES_AT_A_TIME: Final = 8
_SWEEP_SECONDS: Final = 10.0
# Of what is not made yet the newest are kept: they are looked at first.
_MOST_WAITING: Final = 256
# One series may take this part of the room, so that a slide does not put all others out.
_SHARE_OF_ONE: Final = 4

_log = structlog.get_logger()


class PictureLoop:
    """Makes the pictures of series that it is told of, and removes those of series that changed or are gone.

    Parameters
    ----------
    node
        The parts.
    pictures
        Where they are kept.
    most_bytes
        What they may take on disk; the oldest go first. 0 for none.
    """

    def __init__(self, node: Node, pictures: PreparedPictures, most_bytes: int) -> None:
        self._node = node
        self._pictures = pictures
        self._most_bytes = most_bytes
        self._waiting: deque[SeriesState] = deque(maxlen=_MOST_WAITING)
        self._swept = 0.0

    @property
    def waiting(self) -> int:
        """How many series have to be made."""
        return len(self._waiting)

    def offer(self, series: SeriesState) -> None:
        """Note that a series is complete."""
        if self._most_bytes:
            self._waiting.append(series)

    def run(self, stop: threading.Event) -> None:
        """Make pictures until `stop` is set."""
        while not stop.wait(_PAUSE_SECONDS):
            try:
                if time.monotonic() - self._swept >= _SWEEP_SECONDS:
                    self._swept = time.monotonic()
                    sweep(self._node.database, self._pictures, {series.series_id for series in tuple(self._waiting)})
                if self._waiting and self._may_begin():
                    self._make_all(stop)
            except (NodeError, OSError) as error:
                _log.error("pictures_not_made", reason=str(error))
                self._waiting.clear()

    def _may_begin(self) -> bool:
        if space.look(self._node.settings.storage).shortage is None:
            return self._is_quiet()
        # They are worth less than any object.
        self._waiting.clear()
        prune(self._pictures, 0)
        return False

    def _is_quiet(self) -> bool:
        return time.time() - self._node.database.read(series_pictures.newest_arrival) > _QUIET_SECONDS

    def _make_all(self, stop: threading.Event) -> None:
        self._pictures.folder.mkdir(mode=0o700, exist_ok=True)
        with PictureProcess(self._node.blobs.root) as process:
            while self._waiting and not stop.is_set():
                self._make(self._waiting.popleft(), process, stop)
                prune(self._pictures, self._most_bytes)

    def _make(self, series: SeriesState, process: PictureProcess, stop: threading.Event) -> None:
        mark = self._node.database.read(series_pictures.marks, [series.series_id]).get(series.series_id)
        if mark is None:
            return
        uid = series.series_instance_uid
        found = self._node.database.read(
            instances, series.tenant, study_uids=[series.study_instance_uid], series_uids=[uid]
        )
        images = [one for one in found if one.rows]
        if not images:
            return
        began = time.monotonic()
        with PictureFile(self._pictures.path(uid), series_id=series.series_id, state=mark.state) as file:
            for number, name in enumerate(process.begin(images)):
                if number % _PICTURES_AT_A_TIME == 0 and not self._wait_for_quiet(stop):
                    return
                picture = self._pictures.get(uid, name) or process.make(number)
                if picture and file.size + len(picture) > self._most_bytes // _SHARE_OF_ONE:
                    break
                if picture:
                    file.add(name, picture)
            file.finish()
        seconds = round(time.monotonic() - began, 3)
        _log.info("pictures_made", series_uid=uid, pictures=file.count, bytes=file.size, seconds=seconds)

    def _wait_for_quiet(self, stop: threading.Event) -> bool:
        while not stop.is_set():
            if self._is_quiet():
                return True
            stop.wait(_PAUSE_SECONDS)
        return False
