"""What a role owes its supervisor: to die with it, to say when it serves, to stop when told."""

import ctypes
import os
import signal
import threading
from types import FrameType

from isocenter.children import READY_VARIABLE, SUPERVISOR_VARIABLE

_PR_SET_PDEATHSIG = 1
_LOOK_SECONDS = 1.0


def follow_supervisor() -> bool:
    """Bind this process's life to its supervisor's; tells whether it has one.

    A supervisor that is killed cannot end its children, and an orphan would keep the port: the kernel ends them.
    """
    supervisor = os.environ.get(SUPERVISOR_VARIABLE)
    if supervisor is None:
        return False
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(supervisor):
        # It died before the kernel knew that we want to follow.
        os.kill(os.getpid(), signal.SIGKILL)
    # Ctrl-C, and the end of a terminal, reach the whole process group; the supervisor decides the order of the end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return True


def say_ready() -> None:
    """Tell the supervisor, if there is one, that this role serves."""
    number = os.environ.pop(READY_VARIABLE, None)
    if number is not None:
        os.write(int(number), b"ready")
        os.close(int(number))


def stop_event() -> threading.Event:
    """Make an event that SIGTERM, and SIGINT without a supervisor, sets."""
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, handle)
    if SUPERVISOR_VARIABLE not in os.environ:
        signal.signal(signal.SIGINT, handle)
    return stop


def wait_for_stop(stop: threading.Event) -> None:
    """Wait for the event in the main thread.

    A signal that comes just before it waits, or that another thread gets, does not end the wait, and its handler runs
    only after that: hence a look now and then.
    """
    while not stop.wait(_LOOK_SECONDS):
        continue
