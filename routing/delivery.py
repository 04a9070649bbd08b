"""Many objects to one peer: over as few associations as their presentation contexts allow (PS3.8 Section 9.3.2.2)."""

import threading
from collections.abc import Generator, Iterable, Iterator, Sequence

from archive.retrieve import StoredInstance
from routing import dimse
from routing.association import Association
from routing.errors import NoContextAccepted, WireError
from routing.peers import Peer
from routing.proposal import batches
from routing.requestor import open_association
from routing.sender import Blobs, InstanceSender, Originator, Outcome


class Delivery:
    """Objects on their way to a peer.

    Parameters
    ----------
    peer
        Where they go.
    instances
        What is sent.
    blobs
        Where the files are.
    originator, priority
        The C-MOVE this is done for, and how urgent it is.
    """

    def __init__(
        self,
        peer: Peer,
        instances: Sequence[StoredInstance],
        blobs: Blobs,
        *,
        originator: Originator | None = None,
        priority: int = dimse.PRIORITY_MEDIUM,
    ) -> None:
        self.instances = instances
        self._peer = peer
        self._blobs = blobs
        self._originator = originator
        self._priority = priority
        self._association: Association | None = None
        self._is_broken_off = False
        self._guard = threading.Lock()

    def outcomes(self) -> Generator[Outcome, None, None]:
        """Send, and give what became of each object; also when the peer cannot be reached.

        Closing the iterator early releases the association after the object that is under way.
        """
        unreachable = ""
        for contexts, group in batches(self.instances, self._peer.transfer_syntaxes):
            if unreachable:
                yield from failures(group, unreachable)
                continue
            try:
                association = open_association(self._peer, contexts)
            except NoContextAccepted as error:
                # What stands in other contexts may still be welcome.
                yield from failures(group, str(error))
            except WireError as error:
                unreachable = str(error)
                yield from failures(group, unreachable)
            else:
                yield from self._send(association, group)

    def break_off(self) -> None:
        """Wait no longer for an answer of the peer: what is under way fails, and so does the rest; from any thread."""
        with self._guard:
            self._is_broken_off = True
            if self._association is not None:
                self._association.stream.stop_reading()

    def _send(self, association: Association, group: Sequence[StoredInstance]) -> Iterator[Outcome]:
        with self._guard:
            self._association = association
            is_unwanted = self._is_broken_off
        if is_unwanted:
            association.release()
            return
        sender = InstanceSender(
            association,
            self._blobs,
            originator=self._originator,
            priority=self._priority,
            allowed=self._peer.transfer_syntaxes,
        )
        try:
            yield from send_instances(sender, group)
        finally:
            sender.close()
            association.release()


def deliver(peer: Peer, instances: Iterable[StoredInstance], blobs: Blobs) -> Generator[Outcome, None, None]:
    """Send `instances` to `peer`; every one gets an outcome."""
    return Delivery(peer, list(instances), blobs).outcomes()


def send_instances(sender: InstanceSender, instances: Sequence[StoredInstance]) -> Iterator[Outcome]:
    """Send `instances` one after the other; when the association ends, the rest of them fails with its reason."""
    for number, instance in enumerate(instances):
        following = instances[number + 1] if number + 1 < len(instances) else None
        try:
            yield sender.send(instance, following)
        except WireError as error:
            sender.association.abort()
            yield from failures(instances[number:], str(error))
            return


def failures(instances: Iterable[StoredInstance], reason: str) -> Iterator[Outcome]:
    """Give the same failure for each of `instances`."""
    return (Outcome(instance=instance, status=None, reason=reason) for instance in instances)
