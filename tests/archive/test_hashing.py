"""The hash of an object, here or in a thread beside."""

import hashlib
import os
import threading

import pytest

from archive import hashing
from archive.hashing import Digest, DigestBeside

PIECES = [bytes([number]) * (number * 40_000) for number in range(8)]


@pytest.mark.parametrize("kind", [Digest, DigestBeside])
def test_the_hash_is_that_of_all_pieces_in_their_order(kind: type[Digest]) -> None:
    digest = kind()
    for piece in PIECES:
        digest.update(memoryview(piece))
    assert digest.hexdigest() == hashlib.sha256(b"".join(PIECES)).hexdigest()


def test_what_was_read_may_be_overwritten() -> None:
    digest, memory = DigestBeside(), bytearray(300_000)
    for number in range(20):
        memory[:] = bytes([number]) * len(memory)
        digest.update(memoryview(memory))
        digest.wait()
    expected = b"".join(bytes([number]) * len(memory) for number in range(20))
    assert digest.hexdigest() == hashlib.sha256(expected).hexdigest()


def test_a_process_that_gets_no_more_threads_hashes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(hashing, "_THREAD", hashing._Thread())
    monkeypatch.setattr(threading.Thread, "start", refuse)
    digest = DigestBeside()
    for piece in PIECES:
        digest.update(memoryview(piece))
    assert digest.hexdigest() == hashlib.sha256(b"".join(PIECES)).hexdigest()


def test_a_forked_process_has_a_thread_of_its_own() -> None:
    DigestBeside().update(memoryview(b"before"))
    child = os.fork()
    if child == 0:
        digest = DigestBeside()
        digest.update(memoryview(b"x" * 100_000))
        os._exit(digest.hexdigest() != hashlib.sha256(b"x" * 100_000).hexdigest())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
