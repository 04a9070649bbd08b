"""pynetdicom as a requestor that does not lose a response that comes at once.

Whoever sends a request tells the association's reactor to rest, and waits until it says so. It says so just before it
looks whether it has to: told in that moment, it goes on for one more turn, and takes a response that is there by then
for a request of the peer. Under load that moment is long. Here the reactor is given time for this turn before the
request is sent.
"""

import threading
import time
from typing import Any

from pynetdicom.association import Association

_TURN_SECONDS = 0.003


class _Checkpoint(threading.Event):
    def clear(self) -> None:
        super().clear()
        time.sleep(_TURN_SECONDS)


def mend() -> None:
    """Give all associations that are made from now on such a checkpoint."""
    make = Association.__init__

    def make_patient(self: Association, *args: Any, **options: Any) -> None:
        make(self, *args, **options)
        self._reactor_checkpoint = _Checkpoint()
        self._reactor_checkpoint.set()

    Association.__init__ = make_patient  # type: ignore[method-assign]
