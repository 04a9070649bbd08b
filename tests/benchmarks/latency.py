"""How long a C-ECHO takes, and an association without any operation."""

import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from tests.benchmarks.client import Client, command_set, succeeded
from tests.benchmarks.figures import Finding, Goal
from tests.benchmarks.load import p_data
from tests.benchmarks.receivers import ISOCENTER, Receiver, as_receiver, node, orthanc
from tests.benchmarks.rounds import in_order, say, settle

VERIFICATION: Final = "1.2.840.10008.1.1"
_C_ECHO_RQ: Final = 0x0030
_NO_DATA_SET: Final = 0x0101
_ROUNDS: Final = 4


def findings(folder: Path, *, repetitions: int) -> list[Finding]:
    """Repeat both many times with the node and with Orthanc, in alternating rounds."""
    milliseconds: dict[tuple[str, str], list[float]] = {}
    with ExitStack() as stack:
        ours = as_receiver(stack.enter_context(node(folder / "isocenter")))
        receivers = [ours, stack.enter_context(orthanc(folder / "orthanc"))]
        for number in range(_ROUNDS):
            for receiver in in_order(receivers, number):
                settle(receivers)
                for what, (measure, _) in _MEASURES.items():
                    found = measure(receiver, repetitions)
                    milliseconds.setdefault((what, receiver.name), []).extend(found)
                    say(f"latency, {receiver.name}: {what} {_text(found)}")
    return [_finding(what, goal, milliseconds) for what, (_, goal) in _MEASURES.items()]


def _finding(what: str, goal: Goal, milliseconds: dict[tuple[str, str], list[float]]) -> Finding:
    texts = {name: _text(found) for (of, name), found in milliseconds.items() if of == what}
    ours = texts.pop(ISOCENTER)
    (peer,) = texts.values()
    return Finding(what=what, figure=statistics.median(milliseconds[what, ISOCENTER]), text=ours, peer=peer, goal=goal)


def _text(milliseconds: list[float]) -> str:
    p99 = statistics.quantiles(milliseconds, n=100, method="inclusive")[98]
    return f"{statistics.median(milliseconds):.2f} ms (p99 {p99:.2f} ms)"


def _echoes(receiver: Receiver, repetitions: int) -> list[float]:
    with Client(receiver.port, called=receiver.called, sop_class_uid=VERIFICATION) as client:
        found = [_milliseconds(partial(_echo, client, number)) for number in range(repetitions)]
        client.release()
    return found


def _echo(client: Client, number: int) -> None:
    if not succeeded(client.exchange(echo_rq(number + 1))):
        raise SystemExit("a C-ECHO failed")


def echo_rq(message_id: int) -> bytes:
    """Encode a C-ECHO-RQ (PS3.7 Section 9.3.5.1) in one PDU."""
    numbers = ((0x0100, _C_ECHO_RQ), (0x0110, message_id), (0x0800, _NO_DATA_SET))
    return p_data(3, command_set(VERIFICATION, numbers))


def _associations(receiver: Receiver, repetitions: int) -> list[float]:
    return [_milliseconds(partial(_associate, receiver)) for _ in range(repetitions)]


def _associate(receiver: Receiver) -> None:
    with Client(receiver.port, called=receiver.called, sop_class_uid=VERIFICATION) as client:
        client.release()


def _milliseconds(act: Callable[[], None]) -> float:
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1000


_MEASURES: Final = {
    "C-ECHO on an open association, median": (_echoes, Goal(value=1, at_most=True, unit=" ms")),
    "association set up and released, with its connection, median": (
        _associations,
        Goal(value=5, at_most=True, unit=" ms"),
    ),
}
