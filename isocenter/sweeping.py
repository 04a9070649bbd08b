"""The sweep of all rows and files after a start: in the background, and behind everybody else's work."""

import threading
from typing import Final

import structlog

from archive import consistency
from archive.errors import NodeError
from isocenter.wiring import Node

# Between two pauses a few hundred files are looked for: a twentieth of one core at most.
_PAUSE_SECONDS: Final = 0.05

_log = structlog.get_logger()


class _Stopped(Exception):
    """The worker is stopping."""


class Sweeping:
    """Sweeps once.

    Parameters
    ----------
    node
        The parts.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def run(self, stop: threading.Event) -> None:
        """Sweep, and end early when `stop` is set."""

        def pause() -> None:
            if stop.wait(_PAUSE_SECONDS):
                raise _Stopped

        try:
            consistency.sweep(self._node.database, self._node.blobs, pause=pause)
        except _Stopped:
            return
        except (NodeError, OSError) as error:
            # The next start tries again; nothing depends on it meanwhile.
            _log.error("sweep_failed", reason=str(error))
