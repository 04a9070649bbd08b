"""The rate of a node with many instances in its archive, beside that of one with few."""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.benchmarks.figures import Finding, Goal, Spread
from tests.benchmarks.receivers import Receiver, as_receiver, node
from tests.benchmarks.rounds import Load, measure, say, send
from tests.benchmarks.series import Template, mr_image

_ASSOCIATIONS: Final = 4
_IN_ONE_SERIES: Final = 5000
_GOAL: Final = Goal(value=0.9, unit=" ×")


def findings(folder: Path, *, instances: int, count: int, rounds: int) -> list[Finding]:
    """Fill one of two nodes by C-STORE, then send to both in alternating rounds."""
    template = mr_image()
    load = Load(
        name="archive",
        title="with many and with few instances",
        template=template,
        count=count,
        associations=_ASSOCIATIONS,
        rounds=rounds,
    )
    with ExitStack() as stack:
        few = as_receiver(stack.enter_context(node(folder / "few")), "few")
        many = as_receiver(stack.enter_context(node(folder / "many")), "many")
        _fill(many, template, instances)
        measured = measure(load, [few, many])
    rates = {name: Spread.of(one.rate for one in rounds) for name, rounds in measured.items()}
    ratio = rates["many"].median / rates["few"].median
    what = f"rate with {instances:,} instances in the archive, of the empty one's (MR, {_ASSOCIATIONS} associations)"
    text = f"{ratio:.2f} × ({rates['many'].median:,.0f}/s of {rates['few'].median:,.0f}/s)"
    return [Finding(what=what, figure=ratio, text=text, goal=_GOAL)]


def _fill(receiver: Receiver, template: Template, instances: int) -> None:
    for begun in range(0, instances, _IN_ONE_SERIES):
        count = min(_IN_ONE_SERIES, instances - begun)
        found = send(receiver, template, count=count, associations=_ASSOCIATIONS)
        say(f"archive: {begun + count:,} of {instances:,} instances are there ({found.rate:,.0f}/s)")
