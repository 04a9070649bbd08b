"""Flushes of new files, all at once: each is told of its own fault."""

import errno
import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from archive.early_flush import MOST_AT_ONCE, EarlyFlush
from archive.kernel_requests import Done, KernelRequests, Unsupported


def skip_without_flushes() -> None:
    try:
        EarlyFlush().close()
    except Unsupported:
        pytest.skip("this system flushes nothing by itself")


def test_as_many_files_are_flushed_as_are_given(tmp_path: Path) -> None:
    skip_without_flushes()
    flush = EarlyFlush()
    with ExitStack() as stack:
        stack.callback(flush.close)
        descriptors = []
        for number in range(MOST_AT_ONCE):
            descriptors.append(os.open(tmp_path / str(number), os.O_RDWR | os.O_CREAT))
            stack.callback(os.close, descriptors[-1])
        assert flush.flush(descriptors) == [True] * MOST_AT_ONCE
        assert flush.flush(descriptors[:3]) == [True] * 3


def test_a_fault_is_told_of_the_file_that_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_without_flushes()
    flush = EarlyFlush()
    # In the kernel's order, which is any.
    answers = [[Done(2, 0)], [Done(0, 0), Done(1, -errno.EIO)]]
    monkeypatch.setattr(KernelRequests, "submit", lambda *_: 3)
    monkeypatch.setattr(KernelRequests, "collect", lambda *_: answers.pop(0))
    with (tmp_path / "file").open("wb") as file:
        assert flush.flush([file.fileno()] * 4) == [True, False, True, True]
    flush.close()
