"""Where the time of the listeners goes during the MR load over four associations.

Four loads, one for each way of looking, since they disturb each other: the kernel's own accounts, py-spy's samples with
waiting threads, its samples of who holds the interpreter's lock, and counted system calls. Looking needs root.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.acceptance.peers.node import Node
from tests.benchmarks import profile_tables, report
from tests.benchmarks.accounts import Account, Snapshot
from tests.benchmarks.load import Measured, run
from tests.benchmarks.processes import end_in_order
from tests.benchmarks.receivers import as_receiver, node
from tests.benchmarks.rounds import say, settle, warm_up
from tests.benchmarks.series import Template, mr_image
from tests.benchmarks.stacks import Sampler, Stacks, of_associations
from tests.benchmarks.system_calls import Counter, SystemCall

_ASSOCIATIONS: Final = 4
_INSTANCES: Final = 6000


@dataclass(slots=True, kw_only=True)
class _Load:
    started: Node
    folder: Path
    count: int
    template: Template = field(default_factory=mr_image)

    @property
    def listeners(self) -> list[int]:
        return self.started.children("dicom")

    def send(self, what: str, when_open: Callable[[], object], when_done: Callable[[], object]) -> Measured:
        receiver = as_receiver(self.started)
        settle([receiver])
        found = run(
            receiver.port,
            self.template.series(self.count),
            associations=_ASSOCIATIONS,
            called=receiver.called,
            when_open=when_open,
            when_done=when_done,
        )
        say(f"profile, {what}: {found.rate:,.0f}/s")
        return found


def _accounted(load: _Load) -> tuple[Measured, Account]:
    roles = {role: load.started.children(role) for role in ("dicom", "worker", "web")}
    snapshots: list[Snapshot] = []

    def take() -> None:
        snapshots.append(Snapshot.take(roles, load.listeners))

    measured = load.send("accounts of the kernel", take, take)
    return measured, Account.between(*snapshots)


def _sampled(load: _Load, what: str, *options: str) -> tuple[Measured, Stacks]:
    samplers: list[Sampler] = []
    stacks: list[Stacks] = []
    measured = load.send(
        what,
        lambda: samplers.append(Sampler(load.listeners, load.folder / what, *options)),
        lambda: stacks.append(samplers[0].stop()),
    )
    return measured, of_associations(stacks[0])


def _counted(load: _Load) -> tuple[Measured, list[SystemCall], str]:
    counters: list[Counter] = []
    calls: list[list[SystemCall]] = []
    measured = load.send(
        "system calls",
        lambda: counters.append(Counter(load.listeners, load.folder)),
        lambda: calls.append(counters[0].stop()),
    )
    return measured, calls[0], counters[0].tool


def main() -> None:
    """Profile, print, and write the tables into the benchmark page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=_INSTANCES, help="instances of each load (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), help="on a disk (default: %(default)s)")  # noqa: S108 - a folder of its own is made in it
    parser.add_argument("--no-page", action="store_true", help="print only")
    arguments = parser.parse_args()
    end_in_order()
    with tempfile.TemporaryDirectory(prefix="isocenter-bench-", dir=arguments.folder) as name:
        with node(Path(name) / "node") as started:
            load = _Load(started=started, folder=Path(name), count=arguments.count)
            warm_up(as_receiver(started), load.template)
            tables = (
                profile_tables.accounts(*_accounted(load)),
                profile_tables.functions(_sampled(load, "waiting", "--idle"), _sampled(load, "lock", "--gil")),
                profile_tables.system_calls(*_counted(load), _ASSOCIATIONS),
            )
        place = report.place(Path(name))
    text = "\n\n".join((f"{place}; {arguments.count:,} MR instances, {_ASSOCIATIONS} associations.", *tables))
    report.show("profile", text, write=not arguments.no_page)


if __name__ == "__main__":
    main()
