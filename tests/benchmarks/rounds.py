"""Rounds: each receiver once, in an order that alternates, and nothing of one round left for the next."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tests.benchmarks.load import Measured, run
from tests.benchmarks.processes import wait_until_idle
from tests.benchmarks.receivers import Receiver
from tests.benchmarks.series import Template

Rounds: TypeAlias = Mapping[str, Sequence[Measured]]
_BEGUN = time.monotonic()
_WARM_UP_INSTANCES = 200
_WARM_UP_ASSOCIATIONS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is sent in one round, and how often that is repeated."""

    name: str
    title: str
    template: Template
    count: int
    associations: int
    rounds: int


def in_order(receivers: Sequence[Receiver], number: int) -> list[Receiver]:
    """Give the order of a round: A B C, then C B A, so that nobody always comes first."""
    return list(receivers) if number % 2 == 0 else list(reversed(receivers))


def measure(load: Load, receivers: Sequence[Receiver]) -> Rounds:
    """Send the load to each receiver in alternating rounds."""
    measured: dict[str, list[Measured]] = {receiver.name: [] for receiver in receivers}
    for receiver in receivers:
        warm_up(receiver, load.template)
    say(f"{load.name}: {len(receivers)} receivers are warm")
    for number in range(load.rounds):
        for receiver in in_order(receivers, number):
            settle(receivers)
            found = send(receiver, load.template, count=load.count, associations=load.associations)
            measured[receiver.name].append(found)
            say(f"{load.name} round {number + 1} of {load.rounds}, {receiver.name}: {found.rate:,.0f}/s")
    return measured


def send(receiver: Receiver, template: Template, *, count: int, associations: int) -> Measured:
    """Send a new series to a receiver; end the program when one C-STORE fails, for then no figure means anything."""
    found = run(receiver.port, template.series(count), associations=associations, called=receiver.called)
    if found.failures:
        raise SystemExit(f"{receiver.name}: {found.failures} of {found.instances} C-STOREs failed")
    return found


def warm_up(receiver: Receiver, template: Template) -> None:
    """Let every process of a receiver have done everything once."""
    send(receiver, template, count=_WARM_UP_INSTANCES, associations=_WARM_UP_ASSOCIATIONS)


def settle(receivers: Sequence[Receiver]) -> None:
    """Wait until all that was written is on disk, and no receiver has anything left to do."""
    os.sync()
    wait_until_idle(receiver.pid for receiver in receivers)


def say(text: str) -> None:
    """Tell on standard error what was just done, and how many seconds the program has run."""
    sys.stderr.write(f"{time.monotonic() - _BEGUN:4.0f} s  {text}\n")
    sys.stderr.flush()
