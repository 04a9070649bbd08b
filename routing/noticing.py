"""What is done with one claimed notice: examine objects, report on them, or tell of a series."""

import time
from collections.abc import Callable
from typing import Final

import structlog

from archive import availability, commitments
from archive.blobs import FileBlobs
from archive.commitments import Commitment
from archive.database import Database
from archive.examination import examine
from archive.outbox import Claim
from archive.retrieve import instances
from routing.availability import notify
from routing.commitment_report import send_over_new_association
from routing.errors import Unreachable, WireError
from routing.peers import Peer

# How long a lease on an examination is, and how often it is prolonged.
_LEASE_SECONDS: Final = 60.0
_PROLONGED_SECONDS: Final = 10.0
_NO_AE: Final = "there is no remote AE to report to"

_log = structlog.get_logger()
FindPeer = Callable[[str], Peer | None]


class Noticing:
    """Carries out claims.

    Parameters
    ----------
    database, blobs
        The node's.
    find
        Gives the remote AE of a name; None where there is none.
    announce
        Wakes those who wait for an examination.
    """

    def __init__(self, database: Database, blobs: FileBlobs, *, find: FindPeer, announce: Callable[[], object]) -> None:
        self._database = database
        self._blobs = blobs
        self._find = find
        self._announce = announce

    def examine(self, claim: Claim) -> None:
        """Read all objects of a request for commitment again."""
        asked = self._database.read(commitments.get, claim.id)
        if asked is None:
            return
        prolonged = time.monotonic()

        def progress() -> None:
            nonlocal prolonged
            if time.monotonic() - prolonged > _PROLONGED_SECONDS:
                prolonged = time.monotonic()
                self._database.write(commitments.prolong, claim, lease_seconds=_LEASE_SECONDS, now=time.time())

        failures = examine(self._database, self._blobs, asked.tenant, asked.items, progress=progress)
        self._database.write(commitments.mark_examined, claim, failures, now=time.time())
        _log.info(
            "commitment_examined",
            **_names(asked),
            objects=len(asked.items),
            not_committed=len(failures),
        )
        self._announce()

    def report(self, claim: Claim) -> None:
        """Send the result of an examination over a new association."""
        asked = self._database.read(commitments.get, claim.id)
        if asked is None:
            return
        try:
            send_over_new_association(self._peer(asked.destination), asked)
        except WireError as error:
            # Who is not configured could only be told on its own association.
            final = not asked.destination
            again = self._database.write(commitments.postpone, claim, str(error), now=time.time(), final=final)
            _complain("commitment_not_reported", claim, str(error), again=again, **_names(asked))
        else:
            self._database.write(commitments.mark_reported, claim, now=time.time())
            _log.info("commitment_reported", **_names(asked))

    def notify(self, claim: Claim) -> None:
        """Tell a remote AE of a series."""
        about = self._database.read(availability.get, claim.id)
        if about is None:
            return
        found = self._database.read(
            instances, about.tenant, study_uids=[about.study_uid], series_uids=[about.series_uid]
        )
        names = {"destination": about.destination, "series": about.series_uid}
        try:
            # A series that was deleted meanwhile is not available.
            if found:
                notify(self._peer(about.destination), found)
        except WireError as error:
            again = self._database.write(availability.postpone, claim, str(error), now=time.time())
            _complain("availability_not_sent", claim, str(error), again=again, **names)
        else:
            self._database.write(availability.mark_sent, claim, now=time.time())
            _log.info("availability_sent", objects=len(found), **names)

    def _peer(self, name: str) -> Peer:
        peer = self._find(name) if name else None
        if peer is None:
            raise Unreachable(_NO_AE)
        return peer


def _complain(event: str, claim: Claim, reason: str, *, again: bool, **names: str) -> None:
    _log.warning(event, reason=reason, attempt=claim.attempt, final=not again, **names)


def _names(asked: Commitment) -> dict[str, str]:
    return {"commitment": str(asked.id), "destination": asked.destination or asked.ae_title}
