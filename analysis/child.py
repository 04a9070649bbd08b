"""A process that analyses, one request after the other: ``python -m analysis.child``.

Requests come as lines on standard input, progress and outcome go as lines to standard output. What a model prints
goes to standard error. When standard input ends, because the runner ended or died, the process ends at once, even in
the middle of an analysis.
"""

import logging
import os
import queue
import resource
import sys
import threading
import warnings
from collections.abc import Callable
from typing import BinaryIO

from analysis.messages import Message, Outcome, Progressed, Ready, Request, encode

MEMORY_VARIABLE = "ISOCENTER_ANALYSIS_MEMORY_BYTES"
_NICENESS = 5


def main() -> None:
    """Serve until standard input ends."""
    output = _own_output()
    _limit()
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    execute = _load()
    _keep_quiet()
    _say(output, Ready())
    while True:
        request = requests.get()
        outcome = execute(request, lambda percent, text: _say(output, Progressed(percent=percent, text=text)))
        _say(output, outcome)


def _own_output() -> BinaryIO:
    """Keep the pipe for messages and send everything else that is printed to standard error."""
    output = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return output


def _limit() -> None:
    """Bound the address space, and give way to the processes that receive images."""
    limit = int(os.environ.get(MEMORY_VARIABLE) or 0)
    if limit:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    os.nice(_NICENESS)


def _listen(stream: BinaryIO, requests: "queue.SimpleQueue[Request]") -> None:
    for line in stream:
        requests.put(Request.from_line(line))
    os._exit(0)


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


def _say(output: BinaryIO, message: Message) -> None:
    output.write(encode(message))


if __name__ == "__main__":
    main()
