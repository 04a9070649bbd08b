"""The way of one object to the disk, found in a trace of system calls by what the calls mean."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

from tests.acceptance.peers.syscalls import FLUSHES, MOVES, SENDS, WRITES, Call

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The calls that make one object safe, in the order in which they must come (docs/explanation/success.md).

    Parameters
    ----------
    content_written
        The last piece of the file.
    content_flushed
        The file itself is on the disk.
    named
        It got its final name.
    name_flushed
        So is the folder.
    row_written
        The part of SQLite's log that holds the row.
    row_flushed
        The log is on the disk: the transaction is committed.
    answered
        The C-STORE-RSP.
    """

    content_written: Call
    content_flushed: Call
    named: Call
    name_flushed: Call
    row_written: Call
    row_flushed: Call
    answered: Call

    def out_of_order(self) -> list[str]:
        """Name each step that began before the one ahead of it had ended."""
        names = [field.name for field in fields(self)]
        calls = [getattr(self, name) for name in names]
        return [
            f"{second} before {first}"
            for first, second, earlier, later in zip(names, names[1:], calls, calls[1:], strict=False)
            if not earlier.is_before(later)
        ]


def steps_of(calls: Sequence[Call], *, blob: Path, database: Path, sop_instance_uid: str) -> Steps:
    """Find the steps of the object whose file is `blob` and whose row is in the SQLite database `database`.

    Raises
    ------
    LookupError
        A step is not in the trace at all.
    """
    named = _first("the new name", (c for c in calls if c.name in MOVES and c.names[-1] == str(blob)))
    content = {named.names[0], str(blob)}
    written = _last("content", (c for c in calls if c.name in WRITES and c.target in content))
    log = f"{database}-wal"
    row = _first("the row", (c for c in calls if c.name in WRITES and c.target == log and blob.name in c.arguments))
    return Steps(
        content_written=written,
        content_flushed=_first("a flush of the content", _flushes(calls, *content, after=written)),
        named=named,
        name_flushed=_first("a flush of the folder", _flushes(calls, str(blob.parent), after=named)),
        row_written=row,
        # Another thread may flush the log meanwhile; only the writer's own flush follows all of its transaction.
        row_flushed=_first("a commit", (c for c in _flushes(calls, log, after=row) if c.thread == row.thread)),
        answered=_first("the response", (c for c in calls if _is_answer(c, sop_instance_uid))),
    )


def _flushes(calls: Iterable[Call], *paths: str, after: Call) -> Iterable[Call]:
    return (c for c in calls if c.name in FLUSHES and c.target in paths and c.result == "0" and after.is_before(c))


def _is_answer(call: Call, sop_instance_uid: str) -> bool:
    return call.name in SENDS and call.target.startswith("TCP") and sop_instance_uid in call.arguments


def _first(what: str, found: Iterable[Call]) -> Call:
    for call in found:
        return call
    raise LookupError(f"the trace does not show {what}")


def _last(what: str, found: Iterable[Call]) -> Call:
    return _first(what, reversed(list(found)))
