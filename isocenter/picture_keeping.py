"""Keeping the folder of pictures that were made ahead: within its size, and without series that changed or are gone."""

import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

from archive import series_pictures
from archive.database import Database
from archive.series_pictures import SeriesMark
from config.settings import Settings
from dicomweb.rendering.prepared import Contents, PreparedPictures

_IDS_AT_A_TIME: Final = 500
# Another worker may be writing one; nobody writes one for so long.
_UNFINISHED_SECONDS: Final = 3600.0


def prepared_pictures(settings: Settings) -> PreparedPictures:
    """Give the pictures that the worker makes ahead and the web server shows."""
    return PreparedPictures(settings.data_dir / "pictures")


def sweep(database: Database, pictures: PreparedPictures, waiting: Collection[int]) -> None:
    """Remove the pictures of series that are gone or have others now, and what was left unfinished.

    Parameters
    ----------
    database
        Where the series are.
    pictures
        The folder.
    waiting
        Ids of series whose pictures will be made anew.
    """
    files = pictures.files()
    for path in filter(pictures.is_unfinished, files):
        if time.time() - _size_and_age(path)[1] > _UNFINISHED_SECONDS:
            _remove(path)
    found = [(path, pictures.contents(path)) for path in files if not pictures.is_unfinished(path)]
    marks = _marks(database, sorted({contents.series_id for _, contents in found if contents}))
    for path, contents in found:
        if contents is None or not _is_good(contents, marks.get(contents.series_id), waiting):
            _remove(path)


def prune(pictures: PreparedPictures, most_bytes: int) -> None:
    """Remove the oldest until the others take no more than `most_bytes`."""
    found = sorted((_size_and_age(path)[::-1], path) for path in pictures.files() if not pictures.is_unfinished(path))
    excess = sum(size for (_, size), _ in found) - most_bytes
    for (_, size), path in found:
        if excess <= 0:
            break
        _remove(path)
        excess -= size


def _is_good(contents: Contents, mark: SeriesMark | None, waiting: Collection[int]) -> bool:
    if mark is None:
        return False
    return contents.state == mark.state or not mark.complete or contents.series_id in waiting


def _marks(database: Database, ids: list[int]) -> dict[int, SeriesMark]:
    marks: dict[int, SeriesMark] = {}
    for first in range(0, len(ids), _IDS_AT_A_TIME):
        marks |= database.read(series_pictures.marks, ids[first : first + _IDS_AT_A_TIME])
    return marks


def _size_and_age(path: Path) -> tuple[int, float]:
    try:
        status = path.stat()
    except FileNotFoundError:
        # Another worker was quicker.
        return 0, time.time()
    return status.st_size, status.st_mtime


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
