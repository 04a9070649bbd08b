"""One retrieval from a remote AE, from its beginning to its end: the same for the node and the command line."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from archive.ingest import Archive
from archive.origin import Origin, OriginKind
from archive.retrievals import Counts, RetrievalState
from routing.errors import WireError
from routing.peers import Peer
from routing.remote_receiver import ArchiveReceiver
from routing.remote_retrieve import Method, Progress, Wanted, Watch, get, move

_NOTHING: Final = "the peer has nothing of this"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a retrieval ended.

    Parameters
    ----------
    state
        Its last state.
    message
        Why objects are missing; empty when none are.
    counts
        Sub-operations, where the peer came to count any.
    """

    state: RetrievalState
    message: str
    counts: Counts | None


def retrieve(
    peer: Peer,
    wanted: Wanted,
    method: Method,
    *,
    archive: Archive,
    tenant: str,
    principal: str,
    noted: Callable[[Counts], None],
    canceled: Callable[[], bool],
) -> Ended:
    """Retrieve objects into the archive.

    Parameters
    ----------
    peer
        Whom to ask.
    wanted
        What for.
    method
        `get`: over the same association; `move`: the peer sends them to our listener.
    archive
        Where they go.
    tenant
        Whose they become.
    principal
        Who asked.
    noted
        Called when the peer counts.
    canceled
        Asked whether to stop.
    """
    last: list[Counts] = []

    def progress(now: Progress) -> None:
        last[:] = [_counts(now)]
        noted(last[0])

    watch = Watch(progress=progress, canceled=canceled)
    origin = Origin(
        kind=OriginKind.DIMSE, tenant=tenant, ae_title=peer.ae_title, address=peer.host, principal=principal
    )
    try:
        if method is Method.GET:
            done = get(peer, wanted, ArchiveReceiver(archive, origin), watch)
        else:
            done = move(peer, wanted, peer.calling_ae_title, watch)
    except WireError as error:
        state = RetrievalState.CANCELED if canceled() else RetrievalState.FAILED
        return Ended(state=state, message=str(error), counts=last[0] if last else None)
    state = _state(done)
    nothing = _NOTHING if state is RetrievalState.FAILED else ""
    return Ended(state=state, message=done.message or nothing, counts=_counts(done))


def _state(done: Progress) -> RetrievalState:
    if done.canceled:
        return RetrievalState.CANCELED
    if not done.completed and not done.warning:
        return RetrievalState.FAILED
    return RetrievalState.PARTIAL if done.failed or done.message else RetrievalState.COMPLETE


def _counts(progress: Progress) -> Counts:
    return Counts(
        remaining=progress.remaining,
        completed=progress.completed,
        failed=progress.failed,
        warning=progress.warning,
    )
