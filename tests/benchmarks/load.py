"""A C-STORE load that costs the machine almost nothing: every PDU is encoded before the clock starts.

One operation is outstanding on each association; each association is a process of its own. The clock runs from the
first byte to the last response, over all associations; making and releasing associations is not in it.
"""

import gc
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.connection import Connection

from tests.acceptance.peers.raw import P_DATA_TF, pdu, store_rq
from tests.benchmarks.client import Client, succeeded
from tests.benchmarks.series import Instance, Series

LARGEST_PDU = 131072
_PDV_HEADER = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one run showed; times in seconds, `ended` of this machine's monotonic clock."""

    instances: int
    failures: int
    seconds: float
    ended: float
    latencies: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Instances a second."""
        return self.instances / self.seconds

    def percentile_ms(self, percent: int) -> float:
        """Latency of one C-STORE in milliseconds."""
        return statistics.quantiles(self.latencies, n=100, method="inclusive")[percent - 1] * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    begun: float
    ended: float
    latencies: tuple[float, ...]
    failures: int


def fragment_size(client: Client) -> int:
    """Return how many bytes of a data set go into one PDU."""
    return min(client.max_pdu or LARGEST_PDU, LARGEST_PDU) - _PDV_HEADER


def p_data(control: int, fragment: bytes) -> bytes:
    """Encode a P-DATA-TF PDU with one fragment (PS3.8 Section 9.3.5) of presentation context 1."""
    return pdu(P_DATA_TF, (len(fragment) + 2).to_bytes(4, "big") + bytes([1, control]) + fragment)


def store_command(instance: Instance, number: int) -> bytes:
    """Encode the C-STORE-RQ of the object that is `number` on its association."""
    uids = instance.sop_class_uid.encode(), instance.sop_instance_uid.encode()
    return p_data(3, store_rq(*uids, message_id=number % 65000 + 1))


def _message(instance: Instance, number: int, size: int) -> bytes:
    parts = [store_command(instance, number)]
    for at in range(0, len(instance.data_set), size):
        last = at + size >= len(instance.data_set)
        parts.append(p_data(2 if last else 0, instance.data_set[at : at + size]))
    return b"".join(parts)


def _send(connection: Connection, port: int, called: str, series: Series, numbers: range) -> None:
    with Client(port, called=called, sop_class_uid=series.sop_class_uid) as client:
        size = fragment_size(client)
        messages = [_message(one, index, size) for index, one in enumerate(series.instances(numbers))]
        gc.disable()
        connection.send(None)
        connection.recv()
        connection.send(_exchange_all(client, messages))
        connection.recv()
        client.release()


def _exchange_all(client: Client, messages: list[bytes]) -> _Sent:
    clock, exchange = time.perf_counter, client.exchange
    answers, moments = [], [clock()]
    for message in messages:
        answers.append(exchange(message))
        moments.append(clock())
    latencies = tuple(after - before for before, after in pairwise(moments))
    failures = sum(not succeeded(answer) for answer in answers)
    return _Sent(begun=moments[0], ended=moments[-1], latencies=latencies, failures=failures)


@contextmanager
def _workers(port: int, series: Series, associations: int, called: str) -> Iterator[list[Connection]]:
    context = multiprocessing.get_context("fork")
    connections, workers = [], []
    for number in range(associations):
        ours, theirs = context.Pipe()
        numbers = range(number, series.count, associations)
        worker = context.Process(target=_send, args=(theirs, port, called, series, numbers))
        worker.start()
        # Only the worker holds its end now: when it dies, we read the end of the pipe.
        theirs.close()
        connections.append(ours)
        workers.append(worker)
    try:
        yield connections
    finally:
        for connection in connections:
            connection.close()
        for worker in workers:
            worker.join()


def _go_on(connections: Iterable[Connection]) -> None:
    for connection in connections:
        connection.send(None)


def run(
    port: int,
    series: Series,
    *,
    associations: int,
    called: str,
    when_open: Callable[[], object] = lambda: None,
    when_done: Callable[[], object] = lambda: None,
) -> Measured:
    """Send a series over some associations at once.

    Parameters
    ----------
    when_open
        Called when all associations are open and all messages are ready, before the first is sent.
    when_done
        Called when all are answered, while the associations are still open.

    Raises
    ------
    EOFError
        An association was refused or broken; its process said why on standard error.
    """
    with _workers(port, series, associations, called) as connections:
        for connection in connections:
            connection.recv()
        when_open()
        _go_on(connections)
        reports: list[_Sent] = [connection.recv() for connection in connections]
        when_done()
        _go_on(connections)
    latencies = tuple(latency for report in reports for latency in report.latencies)
    ended = max(report.ended for report in reports)
    return Measured(
        instances=len(latencies),
        failures=sum(report.failures for report in reports),
        seconds=ended - min(report.begun for report in reports),
        ended=ended,
        latencies=latencies,
    )
