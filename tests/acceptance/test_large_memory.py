"""The measure of memory itself: a process that takes some, and gives it back, is seen."""

import subprocess
import sys

from tests.acceptance.peers.memory import Watched

_PROGRAM = """
import sys
sys.stdin.readline()
taken = bytes(range(256)) * (48 << 12)
del taken
print("done", flush=True)
sys.stdin.readline()
"""


def test_memory_that_was_taken_and_given_back_is_seen() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdin
        assert process.stdout
        watched = Watched([process.pid])
        process.stdin.write("\n")
        assert process.stdout.readline() == "done\n"
        [growth] = watched.growth()
        process.stdin.write("\n")
    assert 40 < growth.peak < 80
    assert growth.anonymous < 16
