"""Files with HL7 orders in the worklist folder: what they say is done once, and then they go."""

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from archive import hl7, order_entries, orders
from archive.database import Database
from archive.errors import LimitExceeded, NodeError, NotParsable
from archive.order_entries import Outcome
from archive.orders import Order

SUFFIX: Final = ".hl7"
# What an interface engine collects in one file.
LARGEST_FILE: Final = 16 * hl7.LARGEST_MESSAGE
_MARK: Final = ".refused"
_PRINCIPAL: Final = "worklist file"
_NOT_WRITABLE: Final = "Its folder cannot be written: it could not be removed, and would be done again."

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """A message of a file, and what became of it."""

    content: bytes
    outcome: Outcome | NodeError


def take(path: Path, database: Database, tenant: str, *, now: float) -> None:
    """Do what the messages of a file say, each of them whole or not at all, and remove the file.

    What is refused stays in a file that is marked as such, and is reported. Other than a worklist file, which says how
    things are, an order says what is to be done: doing it again after somebody canceled it would bring it back.

    Raises
    ------
    OSError
        The file cannot be read or removed.
    NodeError
        The database does not take it; it stays as it is.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        if not _is_ours(file.fileno(), path):
            return
        if not os.access(path.parent, os.W_OK | os.X_OK):
            _report(os.fstat(file.fileno()).st_ino, 0, _NOT_WRITABLE)
            return
        answered = _answer(file.read(LARGEST_FILE + 1), database, tenant, now)
        _put_away(path, answered)


def _is_ours(file: int, path: Path) -> bool:
    """Tell whether no worker of another machine has the file, or had it just now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file), path.stat(follow_symlinks=False))
    except (BlockingIOError, FileNotFoundError):
        return False


def _answer(content: bytes, database: Database, tenant: str, now: float) -> list[_Answered]:
    if len(content) > LARGEST_FILE:
        return [_Answered(content=content, outcome=LimitExceeded(f"A file may have {LARGEST_FILE} bytes."))]
    messages = hl7.split(content)
    if not messages:
        return [_Answered(content=content, outcome=NotParsable("It has no message."))]
    said = [_read(message) for message in messages]
    done = iter(
        database.write(
            order_entries.apply_each,
            tenant,
            [each for each in said if not isinstance(each, NodeError)],
            principal=_PRINCIPAL,
            now=now,
        )
    )
    outcomes = [each if isinstance(each, NodeError) else next(done) for each in said]
    return [_Answered(content=each, outcome=of_it) for each, of_it in zip(messages, outcomes, strict=True)]


def _read(message: bytes) -> Sequence[Order] | NodeError:
    try:
        return orders.read(hl7.parse(message))
    except NotParsable as error:
        return error


def _put_away(path: Path, answered: Sequence[_Answered]) -> None:
    """Remove a file; messages that were refused stay in one that is marked."""
    refused = [each for each in answered if isinstance(each.outcome, NodeError)]
    if refused:
        kept = _mark(path, refused, whole=len(refused) == len(answered))
        for number, each in enumerate(answered, start=1):
            if isinstance(each.outcome, NodeError):
                _report(kept.stat().st_ino, number, each.outcome.detail or str(each.outcome))
    path.unlink(missing_ok=True)
    done = [each.outcome for each in answered if isinstance(each.outcome, Outcome)]
    counts = {kind: sum(len(getattr(each, kind)) for each in done) for kind in ("created", "changed", "canceled")}
    _log.info("worklist_orders", messages=len(done), refused=len(refused), **counts)


def _mark(path: Path, refused: Sequence[_Answered], *, whole: bool) -> Path:
    """Keep what was refused beside the folder's other files, under a name that nobody looks at."""
    names = (path.with_name(f"{path.name}{_MARK}{number or ''}") for number in range(1 << 16))
    kept = next(name for name in names if not name.exists())
    if whole:
        return path.rename(kept)
    kept.write_bytes(b"\r".join(each.content.strip(b"\r\n") for each in refused))
    return kept


def _report(inode: int, number: int, reason: str) -> None:
    _log.warning("worklist_file_refused", inode=inode, message=number, reason=reason)
