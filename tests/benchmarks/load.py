"""A C-STORE load that costs the machine almost nothing: every PDU is encoded before the clock starts.

One operation is outstanding on each association; each association is a process of its own.
"""

import multiprocessing
import socket
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.acceptance.peers.raw import P_DATA_TF, Context, RawScu, pdu, status_of, store_rq

_LARGEST_PDU = 131072
# Loopback would carry 64 KiB segments; a scanner's Ethernet does not.
_SEGMENT = 1448


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One object to send: its identity, and its data set as encoded in Explicit VR Little Endian."""

    sop_class_uid: str
    sop_instance_uid: str
    data_set: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one run showed; times in seconds."""

    instances: int
    failures: int
    seconds: float
    latencies: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Instances a second."""
        return self.instances / self.seconds

    def percentile_ms(self, percent: int) -> float:
        """Latency of one C-STORE in milliseconds."""
        return statistics.quantiles(self.latencies, n=100, method="inclusive")[percent - 1] * 1000


def _message(instance: Instance, number: int, fragment_size: int) -> bytes:
    command = store_rq(
        instance.sop_class_uid.encode(), instance.sop_instance_uid.encode(), message_id=number % 65000 + 1
    )
    parts = [pdu(P_DATA_TF, (len(command) + 2).to_bytes(4, "big") + bytes([1, 3]) + command)]
    for at in range(0, len(instance.data_set), fragment_size):
        fragment = instance.data_set[at : at + fragment_size]
        control = 2 if at + fragment_size >= len(instance.data_set) else 0
        parts.append(pdu(P_DATA_TF, (len(fragment) + 2).to_bytes(4, "big") + bytes([1, control]) + fragment))
    return b"".join(parts)


def _associate(port: int, called: str, sop_class_uid: str) -> RawScu:
    scu = RawScu(port, contexts={1: Context(abstract_syntax=sop_class_uid)}, called=called.encode())
    scu.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)
    return scu


def _send(port: int, called: str, instances: Sequence[Instance], barrier, results) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    with _associate(port, called, instances[0].sop_class_uid) as scu:
        size = min(scu.max_pdu or _LARGEST_PDU, _LARGEST_PDU) - 6
        messages = [_message(instance, number, size) for number, instance in enumerate(instances)]
        barrier.wait()
        latencies, failures = [], 0
        for message in messages:
            begun = time.perf_counter()
            scu.socket.sendall(message)
            _, body = scu.receive()
            latencies.append(time.perf_counter() - begun)
            failures += status_of(body) != 0
    results.put((latencies, failures))


def run(port: int, instances: Sequence[Instance], *, associations: int, called: str) -> Measured:
    """Send `instances` over some associations at once and measure from the first byte to the last response."""
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(associations + 1), context.Queue()
    workers = [
        context.Process(target=_send, args=(port, called, instances[number::associations], barrier, results))
        for number in range(associations)
    ]
    for worker in workers:
        worker.start()
    barrier.wait(timeout=60)
    begun = time.perf_counter()
    reports = [results.get(timeout=120) for _ in workers]
    seconds = time.perf_counter() - begun
    for worker in workers:
        worker.join()
    latencies = tuple(latency for report, _ in reports for latency in report)
    return Measured(
        instances=len(latencies), failures=sum(failed for _, failed in reports), seconds=seconds, latencies=latencies
    )
