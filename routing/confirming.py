"""Asking destinations whether they keep what they were sent, again after a while where they do not say so yet."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import structlog

from archive import asked_commitments, deliveries
from archive.database import Database
from archive.deliveries import ClaimedDelivery
from archive.errors import NodeError
from archive.retrieve import StoredInstance
from routing.confirmation import Means, confirm
from routing.dispatch import Sent
from routing.errors import WireError
from routing.peers import Peer

# A PACS may index minutes after it answered; then `sent` is all that is known.
_PAUSES_SECONDS: Final = (0.0, 2.0, 15.0, 120.0)
# How long a peer that offers no means is not asked again.
_NO_MEANS_SECONDS: Final = 600.0
_THREADS: Final = 4

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    peer: Peer
    claims: dict[str, ClaimedDelivery]
    instances: Sequence[StoredInstance]
    attempt: int


class Confirmer:
    """Keeps the questions that are open.

    Parameters
    ----------
    database
        Where deliveries are.
    announce
        Called after something was confirmed.
    """

    def __init__(self, database: Database, *, announce: Callable[[], None]) -> None:
        self._database = database
        self._announce = announce
        self._questions: list[tuple[float, int, _Question]] = []
        self._numbers = itertools.count()
        self._without_means: dict[Peer, float] = {}
        self._changed = threading.Condition()
        self._stopping = False

    def ask(self, peer: Peer, sent: Sent) -> None:
        """Ask about what was sent, as soon as a thread is free."""
        if sent.claims and self._without_means.get(peer, 0.0) < time.monotonic():
            uids = [str(instance.sop_instance_uid) for instance in sent.instances]
            claims = dict(zip(uids, sent.claims, strict=True))
            self._put(_Question(peer=peer, claims=claims, instances=sent.instances, attempt=0))

    def run(self) -> None:
        """Ask until `stop`."""
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="confirm") as pool:
            while (question := self._next()) is not None:
                pool.submit(self._settle, question)

    def stop(self) -> None:
        """End `run`; questions that are open stay `sent`."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def _put(self, question: _Question) -> None:
        if question.attempt >= len(_PAUSES_SECONDS):
            return
        due = time.monotonic() + _PAUSES_SECONDS[question.attempt]
        with self._changed:
            heapq.heappush(self._questions, (due, next(self._numbers), question))
            self._changed.notify_all()

    def _next(self) -> _Question | None:
        with self._changed:
            while not self._stopping:
                due = self._questions[0][0] if self._questions else None
                if due is not None and due <= time.monotonic():
                    return heapq.heappop(self._questions)[2]
                self._changed.wait(None if due is None else due - time.monotonic())
        return None

    def _settle(self, question: _Question) -> None:
        try:
            missing = self._ask(question)
        except (WireError, NodeError) as error:
            _log.warning("confirmation_failed", destination=question.peer.name, reason=str(error))
            missing = question.instances
        if missing:
            self._put(
                _Question(peer=question.peer, claims=question.claims, instances=missing, attempt=question.attempt + 1)
            )

    def _ask(self, question: _Question) -> Sequence[StoredInstance]:
        """Ask once; gives the objects that are worth another question."""
        answer = confirm(
            question.peer, question.instances, remember=lambda transaction: self._remember(question, transaction)
        )
        if answer.means is Means.NONE:
            self._without_means[question.peer] = time.monotonic() + _NO_MEANS_SECONDS
            return ()
        ids = [question.claims[uid].id for uid in answer.confirmed if uid in question.claims]
        if ids:
            self._database.write(deliveries.mark_confirmed, ids, now=time.time())
            self._announce()
        return [one for one in question.instances if str(one.sop_instance_uid) not in answer.confirmed]

    def _remember(self, question: _Question, transaction_uid: str) -> None:
        """Keep what is asked: peers that do not report on our association do so on one of theirs."""
        claims = [question.claims[str(instance.sop_instance_uid)] for instance in question.instances]
        self._database.write(
            asked_commitments.remember,
            claims[0].tenant,
            transaction_uid=transaction_uid,
            destination=question.peer.name,
            deliveries={claim.sop_instance_uid: claim.id for claim in claims},
            now=time.time(),
        )
