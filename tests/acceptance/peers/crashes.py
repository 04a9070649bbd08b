"""A node that is killed again and again while modalities send, and all that it promised meanwhile."""

import os
import random
import signal
import time
from collections import Counter

from tests.acceptance.peers.finding import c_find, qido
from tests.acceptance.peers.kept import Keeping, Kept, keeping
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.senders import Senders
from tests.waiting import wait_until

# Small ones, so that many commits are hit, and some large enough to be hit while they arrive.
_SIDES = (16, 16, 128, 512)
_MOST_ACKNOWLEDGED = 150


class Crashes:
    """One archive over many crashes.

    Parameters
    ----------
    node
        The node; it runs.
    seed
        Decides the moments.
    url
        Its database, where that is not the SQLite file in its data folder.
    """

    def __init__(self, node: Node, *, seed: int, url: str | None = None) -> None:
        self._node, self._url = node, url
        self._random = random.Random(seed)
        self._senders: list[Senders] = []

    @property
    def acknowledged(self) -> dict[str, str]:
        """SHA-256 of all that was answered with 0x0000, by SOP Instance UID."""
        return {uid: sha256 for senders in self._senders for uid, sha256 in senders.acknowledged.items()}

    def crash(self, role: str = "") -> Senders:
        """Kill the node at a random moment while four associations send, and start it again.

        With a `role` one process of that role dies first, and the node goes on for a while.
        """
        senders = Senders(self._node.dicom_port, sides=_SIDES)
        self._senders.append(senders)
        with senders.sending():
            self._let_some_through(senders)
            if role:
                os.kill(self._random.choice(self._node.children(role)), signal.SIGKILL)
                self._let_some_through(senders)
            self._node.kill()
        self._node.start()
        return senders

    def _let_some_through(self, senders: Senders) -> None:
        enough = len(senders.acknowledged) + self._random.randrange(4, _MOST_ACKNOWLEDGED)
        wait_until(lambda: len(senders.acknowledged) >= enough, seconds=60, what="some acknowledged objects")
        # Anywhere in the life of an object, not only just after an answer.
        time.sleep(self._random.uniform(0, 0.02))

    def check(self, senders: Senders) -> None:
        """Check what one crash left: cheap enough for every round."""
        rows = check_kept(self._node, senders, self._url)
        ours = senders.sent.keys() & rows.keys()
        shown = [uid for series in senders.series for uid in qido(self._node, series)]
        assert sorted(shown) == sorted(ours)

    def check_all(self) -> int:
        """Check everything that was ever acknowledged; returns the number of rows."""
        with keeping(self._node.data_dir, self._url) as kept:
            rows = _rows_by_uid(kept)
        for uid, sha256 in self.acknowledged.items():
            assert rows[uid].sha256() == sha256, uid
            assert rows[uid].is_as_indexed(), uid
        done = self._node.run("db", "check")
        assert done.returncode == 0, done.stdout + done.stderr
        found = [uid for series in self._senders[-1].series for uid in c_find(self._node.dicom_port, series)]
        assert sorted(found) == sorted(rows.keys() & self._senders[-1].sent.keys())
        # The worker folds arrivals into counters: a crash neither loses nor repeats one.
        wait_until(lambda: self._announced() == len(rows), what=f"{len(rows)} announced instances")
        return len(rows)

    def _announced(self) -> int:
        return sum(event["data"]["count"] for event in self._node.events() if event["type"] == "instance.stored")


def check_kept(node: Node, senders: Senders, url: str | None = None) -> dict[str, Kept]:
    """Check that what was acknowledged is kept, once and whole, and that nothing else is left; returns all rows."""
    with keeping(node.data_dir, url) as kept:
        rows = _rows_by_uid(kept)
        assert not kept.unfinished()
        assert kept.files() == {row.path for row in rows.values()}
    assert senders.acknowledged.keys() <= rows.keys()
    # What was not acknowledged may be there, but then it is whole.
    ours = senders.sent.keys() & rows.keys()
    assert {uid: rows[uid].sha256() for uid in ours} == {uid: senders.sent[uid] for uid in ours}
    return rows


def _rows_by_uid(kept: Keeping) -> dict[str, Kept]:
    rows = kept.rows()
    repeated = [uid for uid, count in Counter(row.sop_instance_uid for row in rows).items() if count > 1]
    assert not repeated
    return {row.sop_instance_uid: row for row in rows}
