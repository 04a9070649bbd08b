"""The supervisor starts roles, restarts the dead, and ends all of them together."""

import os
import re
import signal
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.waiting import wait_until

Start = Callable[[str], "subprocess.Popen[str]"]

CHILD = """
    import os, signal, sys
    from isocenter.parentage import follow_supervisor, say_ready, stop_event
    follow_supervisor()
    stop = stop_event()
    open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
    say_ready()
    stop.wait()
"""

STUBBORN = """
    import os, signal, sys
    from isocenter.parentage import follow_supervisor, say_ready
    follow_supervisor()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
    say_ready()
    while True:
        signal.pause()
"""


def parent(child: Path, notes: Path, count: int = 1, drain: float = 10) -> str:
    return f"""
    import os, sys
    from functools import partial
    from isocenter.children import Child, ChildPlan
    from isocenter.supervisor import Supervisor
    def run(n):
        os.set_inheritable(int(os.environ["ISOCENTER_READY_FD"]), True)
        os.execv(sys.executable, [sys.executable, "{child}", f"{notes}{{n}}"])
    children = [
        Child(ChildPlan(name=f"child{{n}}", run=partial(run, n)))
        for n in range({count})
    ]
    sys.exit(Supervisor(children, on_ready=lambda: print("ready", flush=True), drain_seconds={drain}).run())
    """


def pids(notes: Path) -> list[int]:
    return [int(line) for line in notes.read_text().split()] if notes.exists() else []


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "pids"


def test_ready_is_said_when_every_child_serves(start: Start, script: Callable[[str, str], Path], notes: Path) -> None:
    supervisor = start(parent(script("child", CHILD), notes, count=2))
    assert line_of(supervisor) == "ready"
    assert pids(Path(f"{notes}0"))
    assert pids(Path(f"{notes}1"))


def test_a_killed_child_is_started_again_and_the_others_stay(
    start: Start, script: Callable[[str, str], Path], notes: Path
) -> None:
    supervisor = start(parent(script("child", CHILD), notes, count=2))
    line_of(supervisor)
    first, second = Path(f"{notes}0"), Path(f"{notes}1")
    os.kill(pids(first)[0], signal.SIGKILL)
    wait_until(lambda: len(pids(first)) == 2, what="the second start of the killed child")
    assert len(pids(second)) == 1
    assert is_running(pids(second)[0])
    assert supervisor.poll() is None


def test_sigterm_ends_all_and_exits_zero(start: Start, script: Callable[[str, str], Path], notes: Path) -> None:
    supervisor = start(parent(script("child", CHILD), notes))
    line_of(supervisor)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(10) == 0
    assert not is_running(pids(Path(f"{notes}0"))[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ctrl_c_and_the_end_of_the_terminal_end_all_and_exit_zero(
    start: Start, script: Callable[[str, str], Path], notes: Path, number: signal.Signals
) -> None:
    supervisor = start(parent(script("child", CHILD), notes))
    line_of(supervisor)
    child = pids(Path(f"{notes}0"))[0]
    # A terminal sends the signal to the whole group.
    os.kill(child, number)
    assert is_running(child)
    supervisor.send_signal(number)
    assert supervisor.wait(10) == 0
    assert not is_running(child)


def test_what_was_started_with_nohup_outlives_the_terminal(
    start: Start, script: Callable[[str, str], Path], notes: Path
) -> None:
    nohup = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    supervisor = start(nohup + textwrap.dedent(parent(script("child", CHILD), notes)))
    line_of(supervisor)
    supervisor.send_signal(signal.SIGHUP)
    os.kill(pids(Path(f"{notes}0"))[0], signal.SIGKILL)
    wait_until(lambda: len(pids(Path(f"{notes}0"))) == 2, what="the supervisor's work after the signal")
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(10) == 0


def test_a_child_that_does_not_stop_is_killed_after_the_drain_time(
    start: Start, script: Callable[[str, str], Path], notes: Path
) -> None:
    supervisor = start(parent(script("child", STUBBORN), notes, drain=0.5))
    line_of(supervisor)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(10) == 0
    assert not is_running(pids(Path(f"{notes}0"))[0])


def test_children_die_with_a_killed_supervisor(start: Start, script: Callable[[str, str], Path], notes: Path) -> None:
    supervisor = start(parent(script("child", STUBBORN), notes))
    line_of(supervisor)
    supervisor.kill()
    wait_until(lambda: not is_running(pids(Path(f"{notes}0"))[0]), what="the orphan's end")


def test_a_child_that_cannot_be_configured_ends_the_start(
    start: Start, script: Callable[[str, str], Path], notes: Path
) -> None:
    supervisor = start(parent(script("child", "import sys; sys.exit(2)"), notes))
    _, errors = supervisor.communicate(timeout=10)
    assert supervisor.returncode == 1
    assert re.search(r"CannotStart: the child0 process cannot start", errors)


def test_a_child_that_keeps_dying_is_started_with_growing_pauses(
    start: Start, script: Callable[[str, str], Path], notes: Path
) -> None:
    child = script("child", 'import sys, os; open(sys.argv[1], "a").write(f"{os.getpid()}\\n"); sys.exit(1)')
    supervisor = start(parent(child, notes))
    wait_until(lambda: len(pids(Path(f"{notes}0"))) >= 3, what="the third start")
    supervisor.send_signal(signal.SIGTERM)
    _, errors = supervisor.communicate(timeout=10)
    assert supervisor.returncode == 0
    pauses = [float(pause) for pause in re.findall(r"pause_seconds=.*?([0-9.]+)", errors)]
    assert pauses == sorted(pauses)
    assert len(set(pauses)) == len(pauses)
