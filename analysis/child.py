"""A process that analyses, one request after the other: ``python -m analysis.child``.

Requests come as lines on standard input, progress and outcome go as lines to standard output. What a model prints
goes to standard error, and what it reads from standard input is nothing. When standard input ends, because the runner
ended or died, the process ends at once, even in the middle of an analysis, and what a model started with it.
"""

import logging
import os
import queue
import resource
import signal
import threading
import warnings
from collections.abc import Callable, Iterator

from analysis.messages import Message, Outcome, Progressed, Ready, Request, encode

MEMORY_VARIABLE = "ISOCENTER_ANALYSIS_MEMORY_BYTES"
_NICENESS = 5
_CHUNK_BYTES = 1 << 16


class _Voice:
    """The pipe to the runner: whole lines, whichever thread of a model speaks.

    Parameters
    ----------
    descriptor
        Where messages go; processes that a model forks lose it.
    """

    def __init__(self, descriptor: int) -> None:
        self._output = os.fdopen(descriptor, "wb", buffering=0)
        self._lock = threading.Lock()
        self._analysing = False
        os.register_at_fork(after_in_child=self._output.close)

    def say(self, message: Message) -> None:
        """Send a message."""
        with self._lock:
            self._output.write(encode(message))

    def progress(self, percent: int, text: str) -> None:
        """Send progress, unless the analysis is over: threads that a model left running have nothing more to say."""
        if self._analysing:
            self.say(Progressed(percent=percent, text=text))

    def begin(self) -> None:
        """Begin an analysis."""
        self._analysing = True

    def end(self, outcome: Outcome) -> None:
        """Say how the analysis ended."""
        self._analysing = False
        self.say(outcome)


def main() -> None:
    """Serve until standard input ends."""
    requests_from, voice = _own_pipes()
    _limit()
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests_from, requests), daemon=True).start()
    execute = _load()
    _keep_quiet()
    voice.say(Ready())
    while True:
        request = requests.get()
        voice.begin()
        voice.end(execute(request, voice.progress))


def _own_pipes() -> tuple[int, _Voice]:
    """Keep the pipes for messages: what a model prints goes to standard error, and what it reads is at its end."""
    requests_from, output = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests_from, _Voice(output)


def _limit() -> None:
    """Bound the address space, and give way to the processes that receive images."""
    limit = int(os.environ.get(MEMORY_VARIABLE) or 0)
    if limit:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    os.nice(_NICENESS)


def _listen(descriptor: int, requests: "queue.SimpleQueue[Request]") -> None:
    for line in _lines(descriptor):
        requests.put(Request.from_line(line))
    if os.getpgrp() == os.getpid():
        # With all processes that a model started.
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _lines(descriptor: int) -> Iterator[bytes]:
    """Read lines without a file object: its lock, held while it waits, makes an exit of the main thread an abort."""
    pending = b""
    while chunk := os.read(descriptor, _CHUNK_BYTES):
        *lines, pending = (pending + chunk).split(b"\n")
        yield from lines


def _keep_quiet() -> None:
    """Silence what libraries say about odd values in images: it quotes the patient's data."""
    warnings.simplefilter("ignore")
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    logging.getLogger("highdicom").setLevel(logging.CRITICAL)


def _load() -> Callable[[Request, Callable[[int, str], None]], Outcome]:
    """Import what takes seconds before there is anything to do."""
    import highdicom.seg  # noqa: PLC0415
    import highdicom.sr  # noqa: F401, PLC0415
    import scipy.ndimage  # noqa: F401, PLC0415

    from analysis.execution import execute  # noqa: PLC0415

    return execute


if __name__ == "__main__":
    main()
