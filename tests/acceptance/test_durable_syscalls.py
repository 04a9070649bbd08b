"""The reader of traces, on a trace that is known: it must see a wrong order where there is one."""

from pathlib import Path

import pytest

from tests.acceptance.peers.durability import steps_of
from tests.acceptance.peers.syscalls import parse

UID = "1.2.3.4"
BLOB = Path("/d/blobs/42/b713.dcm")
DATABASE = Path("/d/index.sqlite")
ANSWER = '11 sendto(8<TCP:[127.0.0.1:104->127.0.0.1:568]>, "\\4\\0\\0\\0001.2.3.4\\0\\0\\0\\2\\0", 66, 0, NULL, 0) = 66'
RIGHT = [
    '11 openat(AT_FDCWD</d>, "/d/blobs/spool/1a.part", O_RDWR|O_CREAT, 0640) = 9</d/blobs/spool/1a.part>',
    '11 writev(9</d/blobs/spool/1a.part>, [{iov_base="\\0 ) = 5", iov_len=7}], 1) = 7',
    "11 fdatasync(9</d/blobs/spool/1a.part> <unfinished ...>",
    "12 futex(0x7f, FUTEX_WAKE_PRIVATE, 1) = 0",
    "11 <... fdatasync resumed>)        = 0",
    '11 renameat(5</d/blobs/spool>, "1a.part", 7</d/blobs/42>, "b713.dcm") = 0',
    "11 fsync(7</d/blobs/42>)             = 0",
    '12 pwrite64(3</d/index.sqlite-wal>, "\\0\\1.2.3.4\\00042/b713.dcm\\0", 24, 32) = 24',
    "12 fdatasync(3</d/index.sqlite-wal>) = 0",
    ANSWER,
    "11 --- SIGTERM {si_signo=SIGTERM} ---",
    "11 +++ exited with 0 +++",
]


def _out_of_order(lines: list[str]) -> list[str]:
    return steps_of(parse(lines), blob=BLOB, database=DATABASE, sop_instance_uid=UID).out_of_order()


def test_the_right_order_is_recognised() -> None:
    assert _out_of_order(RIGHT) == []


def test_an_interrupted_call_lasts_until_it_is_resumed() -> None:
    flush = next(call for call in parse(RIGHT) if call.name == "fdatasync")
    assert (flush.begun, flush.ended, flush.result) == (2, 4, "0")
    assert flush.target == "/d/blobs/spool/1a.part"


def test_a_call_that_the_trace_does_not_see_return_has_begun() -> None:
    cut = [*RIGHT[:9], ANSWER.split(") = ", maxsplit=1)[0] + " <detached ...>"]
    assert _out_of_order(cut) == []
    flushing = [*RIGHT[:8], "12 fdatasync(3</d/index.sqlite-wal>) <detached ...>", ANSWER]
    with pytest.raises(LookupError, match="commit"):
        _out_of_order(flushing)


def test_names_relative_to_a_folder_are_made_whole() -> None:
    renamed = next(call for call in parse(RIGHT) if call.name == "renameat")
    assert renamed.names == ["/d/blobs/spool/1a.part", str(BLOB)]


def test_an_answer_before_the_commit_is_seen() -> None:
    early = [*RIGHT[:8], ANSWER, *RIGHT[8:9]]
    assert _out_of_order(early) == ["answered before row_flushed"]


def test_an_answer_while_the_commit_is_under_way_is_seen() -> None:
    commit = ["12 fdatasync(3</d/index.sqlite-wal> <unfinished ...>", ANSWER, "12 <... fdatasync resumed>) = 0"]
    assert _out_of_order([*RIGHT[:8], *commit]) == ["answered before row_flushed"]


def test_a_name_given_before_the_content_is_safe_is_seen() -> None:
    early = [*RIGHT[:2], RIGHT[5], *RIGHT[2:5], *RIGHT[6:]]
    assert _out_of_order(early) == ["named before content_flushed"]


def test_a_row_written_before_the_folder_is_flushed_is_seen() -> None:
    early = [*RIGHT[:6], RIGHT[7], RIGHT[6], *RIGHT[8:]]
    assert _out_of_order(early) == ["row_written before name_flushed"]


@pytest.mark.parametrize("left_out", [6, 8], ids=["folder", "commit"])
def test_a_flush_that_is_missing_is_missed(left_out: int) -> None:
    with pytest.raises(LookupError, match="the trace does not show"):
        _out_of_order(RIGHT[:left_out] + RIGHT[left_out + 1 :])


def test_a_flush_that_failed_does_not_count() -> None:
    failed = [
        line.replace("index.sqlite-wal>) = 0", "index.sqlite-wal>) = -1 EIO (Input/output error)") for line in RIGHT
    ]
    with pytest.raises(LookupError, match="commit"):
        _out_of_order(failed)
