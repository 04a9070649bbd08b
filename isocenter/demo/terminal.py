"""Ctrl-C for the demo alone: `make`, which started it, would report an interrupt where nothing went wrong."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own_foreground_group() -> Iterator[None]:
    """Be the terminal's foreground process group while this lasts.

    A terminal sends Ctrl-C to its foreground group, which is `make` and all it runs; in a group of its own the demo
    gets it alone, ends cleanly, and `make` sees success. Does nothing without a terminal or in the background.
    """
    terminal = sys.stdin.fileno() if sys.stdin and sys.stdin.isatty() else None
    group = os.getpgrp()
    if terminal is None or group == os.getpid() or os.tcgetpgrp(terminal) != group:
        yield
        return
    # Without this the kernel would stop a process that takes the terminal from outside the foreground group.
    previous = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpgrp())
    try:
        yield
    finally:
        os.tcsetpgrp(terminal, group)
        signal.signal(signal.SIGTTOU, previous)
