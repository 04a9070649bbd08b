"""Keeping the folder of pictures that were made ahead: within its size, and without series that changed or are gone."""

import shutil
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from archive import series_pictures, space
from archive.database import Database
from archive.errors import NodeError
from archive.series_pictures import SeriesMark
from config.sections import StorageSettings
from config.settings import Settings
from dicomweb.rendering.picture_file import UNFINISHED_SUFFIX, remove_abandoned
from dicomweb.rendering.prepared import SUFFIX, PicturesHead, PreparedPictures, read_head

_PAUSE_SECONDS: Final = 5.0
_IDS_AT_A_TIME: Final = 500
# So much of the volume that pictures are on stays free, for the database that mostly is there too.
_FREE_SHARE: Final = 20
_MOST_FREE_BYTES: Final = 10 << 30

_log = structlog.get_logger()


def prepared_pictures(settings: Settings) -> PreparedPictures:
    """Give the pictures that the worker makes ahead and the web server shows."""
    return PreparedPictures(settings.data_dir / "pictures")


class PictureKeeping:
    """Looks after the folder every few seconds, whatever is made meanwhile.

    Parameters
    ----------
    database, settings
        Where the series are, and the configuration.
    waiting
        Gives the ids of series whose pictures will be made anew.
    """

    def __init__(self, database: Database, settings: Settings, waiting: Callable[[], Collection[int]]) -> None:
        self._database = database
        self._settings = settings
        self._pictures = prepared_pictures(settings)
        self._waiting = waiting

    def run(self, stop: threading.Event) -> None:
        """Keep it until `stop` is set."""
        while not stop.wait(_PAUSE_SECONDS):
            try:
                self._turn()
            except (NodeError, OSError) as error:
                _log.error("pictures_not_kept", reason=str(error))

    def _turn(self) -> None:
        folder = self._pictures.folder
        if not folder.is_dir():
            return
        sweep(self._database, folder, self._waiting())
        # They are worth less than any object.
        room = has_room(self._settings.storage, folder)
        prune(folder, self._settings.web.prepared_pictures_bytes if room else 0)


def has_room(storage: StorageSettings, folder: Path) -> bool:
    """Tell whether there is enough room that pictures may take some, where objects are and where pictures are."""
    disk = shutil.disk_usage(folder)
    return space.look(storage).shortage is None and disk.free >= min(disk.total // _FREE_SHARE, _MOST_FREE_BYTES)


def sweep(database: Database, folder: Path, waiting: Collection[int]) -> None:
    """Remove the pictures of series that are gone or have others now, and what was left unfinished."""
    for path in folder.glob(f"*{UNFINISHED_SUFFIX}"):
        remove_abandoned(path)
    found = [(path, read_head(path)) for path in folder.glob(f"*{SUFFIX}")]
    marks = _marks(database, sorted({head.series_id for _, head in found if head}))
    for path, head in found:
        if head is None or not _is_good(path, head, marks.get(head.series_id), waiting):
            _remove(path)


def prune(folder: Path, most_bytes: int) -> None:
    """Remove the oldest until the others take no more than `most_bytes`."""
    found = sorted((_age_and_size(path), path) for path in folder.glob(f"*{SUFFIX}"))
    excess = sum(size for (_, size), _ in found) - most_bytes
    for (_, size), path in found:
        if excess <= 0:
            break
        _remove(path)
        excess -= size


def _is_good(path: Path, head: PicturesHead, mark: SeriesMark | None, waiting: Collection[int]) -> bool:
    # Ids are given again when an older database is restored.
    if mark is None:
        return False
    if path != PreparedPictures(path.parent).path(mark.study_instance_uid, mark.series_instance_uid):
        return False
    return head.state == mark.state or not mark.complete or head.series_id in waiting


def _marks(database: Database, ids: list[int]) -> dict[int, SeriesMark]:
    marks: dict[int, SeriesMark] = {}
    for first in range(0, len(ids), _IDS_AT_A_TIME):
        marks |= database.read(series_pictures.marks, ids[first : first + _IDS_AT_A_TIME])
    return marks


def _age_and_size(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        # Another worker was quicker.
        return 0, 0
    return status.st_mtime_ns, status.st_size


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
