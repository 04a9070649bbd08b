"""One batch of deliveries to one destination: what is sent, in which form, and what is noted about it."""

import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from archive import deliveries, retrieve
from archive.database import Database
from archive.deliveries import ClaimedDelivery
from archive.errors import NodeError
from archive.retrieve import StoredInstance
from routing.delivery import deliver
from routing.peers import Peer
from routing.sender import Blobs, Outcome

LEASE_SECONDS: Final = 60.0
_NOTE_SECONDS: Final = 0.2
_NOTE_COUNT: Final = 100
_GONE = "the object is not in the archive any more, or was rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A remote AE as a receiver.

    Parameters
    ----------
    peer
        Where it is.
    sr_class
        The kind of structured report it can keep.
    """

    peer: Peer
    sr_class: str = "comprehensive3d"


class Convert(Protocol):
    """Gives an object the form a destination can keep."""

    def __call__(self, instance: StoredInstance, source: Path, sr_class: str, folder: Path) -> StoredInstance | None:
        """Write the form of `instance` for `sr_class` into `folder`, under the returned key; None to send it as is."""


@dataclass(slots=True, kw_only=True)
class Sent:
    """What a destination answered success to, and must still be asked about."""

    claims: list[ClaimedDelivery] = field(default_factory=list)
    instances: list[StoredInstance] = field(default_factory=list)


class Dispatcher:
    """Sends claimed deliveries and notes what became of each.

    Parameters
    ----------
    database, blobs
        Where deliveries and objects are.
    convert
        For destinations that cannot keep what analyzers make.
    worker_id
        Who claimed.
    announce
        Called after something was noted, so that the feed is read.
    """

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        *,
        convert: Convert,
        worker_id: str,
        announce: Callable[[], None],
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._convert = convert
        self._worker_id = worker_id
        self._announce = announce

    def dispatch(self, destination: Destination, claims: Sequence[ClaimedDelivery]) -> Sent:
        """Send a batch; every claim is noted as sent or failed when this returns."""
        sent = Sent()
        by_tenant: dict[str, dict[str, ClaimedDelivery]] = defaultdict(dict)
        for claim in claims:
            by_tenant[claim.tenant][claim.sop_instance_uid] = claim
        with self._leases(claims):
            for tenant, of_tenant in by_tenant.items():
                self._dispatch(destination, tenant, of_tenant, sent)
        return sent

    def fail(self, claims: Sequence[ClaimedDelivery], reason: str, *, final: bool = False) -> None:
        """Note that these could not be sent."""
        if claims:
            ids = [claim.id for claim in claims]
            now = time.time()
            self._database.write(deliveries.mark_failed, ids, reason, worker_id=self._worker_id, now=now, final=final)
            self._announce()

    def _dispatch(self, destination: Destination, tenant: str, claims: dict[str, ClaimedDelivery], sent: Sent) -> None:
        found = self._database.read(retrieve.instances, tenant, sop_uids=tuple(claims))
        here = {str(instance.sop_instance_uid) for instance in found}
        self.fail([claim for uid, claim in claims.items() if uid not in here], _GONE, final=True)
        notes = _Notes(self, sent)
        with tempfile.TemporaryDirectory(prefix="isocenter-sr-") as name:
            forms = _Forms(self._blobs, self._convert, Path(name), destination.sr_class)
            ready: list[StoredInstance] = []
            claim_of: dict[str, ClaimedDelivery] = {}
            for instance in found:
                claim = claims[str(instance.sop_instance_uid)]
                try:
                    form = forms.of(instance)
                except (NodeError, OSError, ValueError) as error:
                    self.fail([claim], f"it cannot be converted for this destination: {error}", final=True)
                    continue
                claim_of[str(form.sop_instance_uid)] = claim
                ready.append(form)
            for outcome in deliver(destination.peer, ready, forms):
                notes.add(claim_of[str(outcome.instance.sop_instance_uid)], outcome)
            notes.write()

    def note_sent(self, claims: Sequence[ClaimedDelivery]) -> None:
        """Note that the destination answered success."""
        ids = [claim.id for claim in claims]
        self._database.write(deliveries.mark_sent, ids, worker_id=self._worker_id, now=time.time())
        self._announce()

    @contextmanager
    def _leases(self, claims: Sequence[ClaimedDelivery]) -> Iterator[None]:
        """Keep the claims ours while a slow peer, or a large object, takes its time."""
        done = threading.Event()
        ids = [claim.id for claim in claims]

        def prolong() -> None:
            while not done.wait(LEASE_SECONDS / 3):
                self._database.write(
                    deliveries.heartbeat,
                    ids,
                    worker_id=self._worker_id,
                    lease_seconds=LEASE_SECONDS,
                    now=time.time(),
                )

        thread = threading.Thread(target=prolong, name="delivery-leases", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


class _Forms:
    """The files to send: those of the archive, and the converted ones."""

    def __init__(self, blobs: Blobs, convert: Convert, folder: Path, sr_class: str) -> None:
        self._blobs = blobs
        self._convert = convert
        self._folder = folder
        self._sr_class = sr_class
        self._converted: set[str] = set()

    def of(self, instance: StoredInstance) -> StoredInstance:
        """Give the form of an object that the destination can keep."""
        form = self._convert(instance, self._blobs.path(instance.key), self._sr_class, self._folder)
        if form is None:
            return instance
        self._converted.add(form.key)
        return form

    def path(self, key: str) -> Path:
        """Give the file of a blob or of a converted object."""
        return self._folder / key if key in self._converted else self._blobs.path(key)


class _Notes:
    """Outcomes, written in groups: soon enough for the feed, seldom enough for the database."""

    def __init__(self, dispatcher: Dispatcher, sent: Sent) -> None:
        self._dispatcher = dispatcher
        self._sent = sent
        self._waiting: list[ClaimedDelivery] = []
        self._failed: dict[str, list[ClaimedDelivery]] = defaultdict(list)
        self._written = time.monotonic()

    def add(self, claim: ClaimedDelivery, outcome: Outcome) -> None:
        """Take one outcome."""
        if outcome.stored:
            self._waiting.append(claim)
            self._sent.claims.append(claim)
            self._sent.instances.append(outcome.instance)
        else:
            self._failed[outcome.reason].append(claim)
        if len(self._waiting) >= _NOTE_COUNT or time.monotonic() - self._written >= _NOTE_SECONDS:
            self.write()

    def write(self) -> None:
        """Write what waits."""
        if self._waiting:
            self._dispatcher.note_sent(self._waiting)
        for reason, claims in self._failed.items():
            self._dispatcher.fail(claims, reason)
        self._waiting, self._failed = [], defaultdict(list)
        self._written = time.monotonic()
