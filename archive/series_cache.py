"""Which series are in the database, as far as this process has seen: most objects belong to one it knows."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from archive.ingest_rows import SeriesKey

_REMEMBERED_SERIES: Final = 10_000


class SeriesCache:
    """Ids of series that are in the database, the recently used ones."""

    def __init__(self) -> None:
        self._ids: OrderedDict[SeriesKey, int] = OrderedDict()

    def get(self, key: SeriesKey) -> int | None:
        """Return the id of a series, if it is known."""
        return self._ids.get(key)

    def known(self, keys: Iterable[SeriesKey]) -> dict[SeriesKey, int]:
        """Return the ids of those keys that are known."""
        return {key: self._ids[key] for key in keys if key in self._ids}

    def remember(self, ids: dict[SeriesKey, int]) -> None:
        """Remember ids whose transaction is committed."""
        for key, series_id in ids.items():
            self._ids[key] = series_id
            self._ids.move_to_end(key)
        while len(self._ids) > _REMEMBERED_SERIES:
            self._ids.popitem(last=False)

    def forget(self, keys: Iterable[SeriesKey]) -> None:
        """Forget ids that may have vanished."""
        for key in keys:
            self._ids.pop(key, None)
