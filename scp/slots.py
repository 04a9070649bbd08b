"""How many associations may be open at once, over all listener processes of a machine."""

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from archive.stages import Stages
from scp.ledger import Ledger
from scp.load import Load


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The place an association holds."""

    place: int


class Slots:
    """Association slots shared by the processes that open the same file.

    Parameters
    ----------
    path
        The file; made when it is not there.
    total
        How many there are.
    per_peer
        How many of them one calling AE title may hold, and how many one address.
    half_open
        Connections without an association that there may be besides.
    stages
        Where connections are counted for those who watch the node.

    Attributes
    ----------
    load
        The connections of this process among those of all.
    """

    def __init__(
        self, path: Path, *, total: int, per_peer: int, half_open: int = 1024, stages: Stages | None = None
    ) -> None:
        self._ledger = Ledger(path, total)
        self._per_peer = per_peer
        self.load = Load(self._ledger, half_open=half_open, stages=stages)

    def take(self, calling_ae_title: str, address: str) -> Slot | None:
        """Take a slot for an association of a peer, or none when a limit is reached."""
        caller, source = _word(calling_ae_title), _word(address)
        with self._ledger.locked():
            place = self._free_place(caller, source)
            if place is None:
                # Perhaps some are held by processes that are no more.
                self._ledger.forget_dead()
                place = self._free_place(caller, source)
            if place is None:
                return None
            self._ledger.callers[place] = caller
            self._ledger.addresses[place] = source
            self._ledger.owners[place] = self._ledger.owner
        return Slot(place=place)

    def give_back(self, slot: Slot) -> None:
        """Free what `take` gave."""
        # One word, written by its owner: no need to hold the table.
        self._ledger.owners[slot.place] = 0

    def close(self) -> None:
        """Free all slots of this process."""
        self._ledger.close()

    def _free_place(self, caller: int, source: int) -> int | None:
        # The table is small and these are loops of C: 15 microseconds for 200 associations.
        owners = self._ledger.owners.tolist()
        if 0 not in owners:
            return None
        for column, word in ((self._ledger.callers, caller), (self._ledger.addresses, source)):
            held = column.tolist()
            # Freed rows keep their words, so a count above the limit may be too high, never too low.
            if held.count(word) >= self._per_peer and self._held(held, owners, word) >= self._per_peer:
                return None
        return owners.index(0)

    @staticmethod
    def _held(column: list[int], owners: list[int], word: int) -> int:
        return sum(1 for owner, each in zip(owners, column, strict=True) if owner and each == word)


def _word(text: str) -> int:
    """Make a number of a name: two names with the same one are as good as impossible."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")
