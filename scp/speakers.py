"""Who is sending its A-ASSOCIATE-RQ just now: slow ones of one address must not be all that there may be."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from scp.load import Load


class Speakers:
    """The half-open connections of this process whose peer has begun to speak, by address.

    Silent ones are no danger: they make place for whoever comes. These hold theirs until their request is whole or
    ARTIM ends them, so that one address may have half of all places at most.

    Parameters
    ----------
    load
        How many half-open connections there may be.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._guard = threading.Lock()
        self._speaking: Counter[str] = Counter()

    @contextmanager
    def one_more(self, address: str) -> Iterator[bool]:
        """Count a connection while its request is read; gives False when its address has too many already."""
        welcome = self._enter(address)
        try:
            yield welcome
        finally:
            if welcome:
                self._leave(address)

    def _enter(self, address: str) -> bool:
        most = self._load.places_for_one_address()
        with self._guard:
            welcome = self._speaking[address] < most
            self._speaking[address] += welcome
        return welcome

    def _leave(self, address: str) -> None:
        with self._guard:
            self._speaking[address] -= 1
            if not self._speaking[address]:
                del self._speaking[address]
