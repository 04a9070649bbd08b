"""Making pictures of series while nobody sends, so that the first look at an image waits for nothing."""

import os
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import structlog

from archive import series_pictures
from archive.errors import DatabaseUnavailable, NodeError
from archive.file_locks import lock_at_once
from archive.retrieve import StoredInstance, instances
from archive.series_pictures import SeriesMark
from dicomweb.rendering.picture_file import PictureFile
from dicomweb.rendering.picture_process import PictureProcess
from dicomweb.rendering.prepared import read_head
from isocenter.picture_keeping import has_room, prepared_pictures, prune
from isocenter.wiring import Node

_PAUSE_SECONDS: Final = 0.5
# Senders pause between objects; who did not send for so long is not held up by what is begun now.
_QUIET_SECONDS: Final = 1.0
# One that grows slowly is not made anew for each of its images.
_AGAIN_SECONDS: Final = 30.0
_PICTURES_AT_A_TIME: Final = 8
# Of what is not made yet the newest are kept: they are looked at first.
_MOST_WAITING: Final = 256
# One series may take this part of the room, so that a slide does not put all others out.
_SHARE_OF_ONE: Final = 4
# Where so many in a row cannot be made, or it takes so long, the rest is left to those who ask.
_MOST_FAILURES: Final = 8
_MOST_SECONDS: Final = 600.0

_log = structlog.get_logger()


class _Abandoned(Exception):
    """The series is another one now, or the worker is stopping."""


class PictureLoop:
    """Makes the pictures of series that it is told of, and of those that grow.

    Parameters
    ----------
    node
        The parts.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._pictures = prepared_pictures(node.settings)
        self._most_bytes = node.settings.web.prepared_pictures_bytes
        # Ids, in the order in which they wait.
        self._series: dict[int, None] = {}
        self._making: int | None = None
        # What series that are not complete were when they were noted, and when that was.
        self._noted: dict[int, tuple[str, float]] = {}
        self._guard = threading.Lock()

    def waiting(self) -> Collection[int]:
        """Give the ids of the series that have to be made, or are being made."""
        with self._guard:
            return set(self._series) | ({self._making} if self._making is not None else set())

    def offer(self, series_id: int) -> None:
        """Note that a series has to be made, for example as it is complete."""
        if not self._most_bytes:
            return
        with self._guard:
            self._series.pop(series_id, None)
            self._series[series_id] = None
            while len(self._series) > _MOST_WAITING:
                del self._series[next(iter(self._series))]

    def run(self, stop: threading.Event) -> None:
        """Make pictures until `stop` is set."""
        while not stop.wait(_PAUSE_SECONDS):
            try:
                self._offer_growing()
                if self.waiting() and self._may_begin():
                    self._make_all(stop)
            except (NodeError, OSError) as error:
                # The database is away: those that wait are tried again.
                _log.error("pictures_not_made", reason=str(error))

    def _offer_growing(self) -> None:
        """Note the series that images came to: they are looked at while more may come."""
        if not self._most_bytes:
            return
        noted, now = self._noted, time.monotonic()
        self._noted = {}
        for mark in self._node.database.read(series_pictures.growing):
            state, since = noted.get(mark.series_id, ("", now - _AGAIN_SECONDS))
            if state != mark.state and now - since >= _AGAIN_SECONDS:
                self.offer(mark.series_id)
                state, since = mark.state, now
            self._noted[mark.series_id] = state, since

    def _may_begin(self) -> bool:
        self._pictures.folder.mkdir(mode=0o700, exist_ok=True)
        if has_room(self._node.settings.storage, self._pictures.folder):
            return self._is_quiet()
        with self._guard:
            self._series.clear()
        return False

    def _is_quiet(self) -> bool:
        # A clock that was put back must not stop this for long.
        return abs(time.time() - self._node.database.read(series_pictures.newest_arrival)) > _QUIET_SECONDS

    def _make_all(self, stop: threading.Event) -> None:
        with (
            _is_the_only_one(self._pictures.folder) as may_make,
            PictureProcess(self._node.blobs.root) as process,
            _ended_by(stop, process),
        ):
            while may_make and not stop.is_set() and (series_id := self._next()) is not None:
                try:
                    self._make(series_id, process, stop)
                except _Abandoned:
                    continue
                except DatabaseUnavailable:
                    self.offer(series_id)
                    raise
                except (NodeError, OSError) as error:
                    _log.warning("pictures_not_made", series=series_id, reason=str(error))
                prune(self._pictures.folder, self._most_bytes)

    def _next(self) -> int | None:
        with self._guard:
            self._making = next(iter(self._series), None)
            if self._making is not None:
                del self._series[self._making]
            return self._making

    def _make(self, series_id: int, process: PictureProcess, stop: threading.Event) -> None:
        series = self._mark(series_id)
        if series is None:
            return
        path = self._pictures.path(series.study_instance_uid, series.series_instance_uid)
        head, images = read_head(path), self._images(series)
        if not images or (head and (head.series_id, head.state) == (series_id, series.state)):
            return
        began = time.monotonic()
        with PictureFile(path, series_id=series_id, state=series.state) as file:
            for name, picture in self._made(series, process.begin(images), process):
                if file.count % _PICTURES_AT_A_TIME == 0:
                    self._wait(series, stop)
                if file.size + len(picture) > self._most_bytes // _SHARE_OF_ONE:
                    break
                file.add(name, picture)
            self._wait(series, stop)
            file.finish()
        seconds = round(time.monotonic() - began, 3)
        uid = series.series_instance_uid
        _log.info("pictures_made", series_uid=uid, pictures=file.count, bytes=file.size, seconds=seconds)

    def _made(self, series: SeriesMark, names: list[str], process: PictureProcess) -> Iterator[tuple[str, bytes]]:
        """Make the pictures of a series, or take them from its former file, as long as that has a chance."""
        uids = series.study_instance_uid, series.series_instance_uid
        failures, seconds = 0, 0.0
        for number, name in enumerate(names):
            began = time.monotonic()
            picture = self._pictures.get(*uids, name) or process.make(number)
            seconds += time.monotonic() - began
            failures = 0 if picture else failures + 1
            if picture:
                yield name, picture
            if failures >= _MOST_FAILURES or seconds > _MOST_SECONDS:
                return

    def _images(self, series: SeriesMark) -> list[StoredInstance]:
        study_uids, series_uids = [series.study_instance_uid], [series.series_instance_uid]
        found = self._node.database.read(instances, series.tenant, study_uids=study_uids, series_uids=series_uids)
        return [one for one in found if one.rows]

    def _mark(self, series_id: int) -> SeriesMark | None:
        return self._node.database.read(series_pictures.marks, [series_id]).get(series_id)

    def _wait(self, series: SeriesMark, stop: threading.Event) -> None:
        """Wait until nobody sends; what changed meanwhile, or went, gets no pictures of what it was."""
        while not stop.is_set() and (now := self._mark(series.series_id)) and now.state == series.state:
            if self._is_quiet():
                return
            stop.wait(_PAUSE_SECONDS)
        raise _Abandoned


@contextmanager
def _is_the_only_one(folder: Path) -> Iterator[bool]:
    """Tell whether no other worker makes pictures in a folder; none does until the end of the context."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Without locks what is made twice is the same.
        may_make = True
        with suppress(OSError):
            may_make = lock_at_once(descriptor)
        yield may_make
    finally:
        os.close(descriptor)


@contextmanager
def _ended_by(stop: threading.Event, process: PictureProcess) -> Iterator[None]:
    """End the process when `stop` is set: a picture may take longer than the worker has for its end."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_PAUSE_SECONDS):
            if stop.is_set():
                process.kill()
                return

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        done.set()
        watching.join()
