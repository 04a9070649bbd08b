"""The tables of the profile."""

from typing import Final

from tests.benchmarks.accounts import Account
from tests.benchmarks.load import Measured
from tests.benchmarks.report import table
from tests.benchmarks.stacks import SAMPLES_A_SECOND, Share, Stacks
from tests.benchmarks.system_calls import SystemCall

_MOST_FUNCTIONS: Final = 25
_LEAST_SHARE: Final = 0.005
_ROLES: Final = {"dicom": "listeners", "worker": "worker", "web": "web server"}


def accounts(measured: Measured, account: Account) -> str:
    """Tell who used the cores, and where the listeners' threads were."""
    cores = account.idle + account.others + sum(used.seconds for used in account.roles.values())
    each = 1e6 / measured.instances
    rows = [
        (_ROLES[role], f"{used.user * each:.0f} µs", f"{used.kernel * each:.0f} µs", f"{used.seconds / cores:.0%}")
        for role, used in account.roles.items()
    ]
    rows.append(
        ("all others: client, kernel threads", f"{account.others * each:.0f} µs", "", f"{account.others / cores:.0%}")
    )
    rows.append(("idle, or waiting for the disk", "", "", f"{account.idle / cores:.0%}"))
    threads = account.threads
    text = (
        f"Undisturbed: {measured.rate:,.0f}/s. The {threads.threads} busy threads of the listeners were running"
        f" {threads.running:.0%} of the time, waiting for a core {threads.wanting_core:.0%}, and waiting for something"
        f" else (sender, disk, lock) {threads.waiting:.0%}."
    )
    header = ("time on a core, for each instance", "program", "kernel", "of all cores")
    return f"{text}\n\n{table(header, rows)}"


def functions(waiting: tuple[Measured, Stacks], locked: tuple[Measured, Stacks]) -> str:
    """Tell in which Python functions the association threads were, and which of them held the interpreter's lock."""
    measured, stacks = waiting
    samples = sum(stacks.values())
    under_lock, locked_samples = locked[0], locked[1]
    lock_own = {share.function: share.own for share in Share.of_all(locked_samples)}
    # Of one listener's time: each has a lock of its own.
    moments = under_lock.seconds * SAMPLES_A_SECOND
    rows = [
        (f"`{share.function}`", f"{share.own / samples:.1%}", f"{share.total / samples:.1%}",
         f"{lock_own.get(share.function, 0) / max(sum(lock_own.values()), 1):.1%}")
        for share in Share.of_all(stacks)[:_MOST_FUNCTIONS]
        if share.own / samples >= _LEAST_SHARE
    ]  # fmt: skip
    text = (
        f"Sampled {SAMPLES_A_SECOND} times a second ({measured.rate:,.0f}/s meanwhile). All listeners together held"
        f" their interpreters' locks for {sum(lock_own.values()) / moments:.2f} of each second."
    )
    header = ("function of an association's thread", "own time", "with what it calls", "own share of the held lock")
    return f"{text}\n\n{table(header, rows)}"


def system_calls(measured: Measured, calls: list[SystemCall], tool: str, associations: int) -> str:
    """Tell which system calls an instance costs."""
    whole = measured.seconds * associations
    rows = [
        (f"`{call.name}`", f"{call.calls / measured.instances:.2f}", f"{call.seconds / call.calls * 1e6:,.0f} µs",
         f"{call.seconds / measured.instances * 1e6:,.0f} µs", f"{call.seconds / whole:.1%}")
        for call in calls
        if call.calls / measured.instances >= _LEAST_SHARE or call.seconds / whole >= _LEAST_SHARE
    ]  # fmt: skip
    total = sum(call.calls for call in calls) / measured.instances
    text = f"Counted by {tool} ({measured.rate:,.0f}/s meanwhile): {total:.1f} system calls an instance."
    header = ("system call", "calls an instance", "each", "an instance", "of the associations' time")
    return f"{text}\n\n{table(header, rows)}"
