"""The group commit: objects of concurrent associations share flush and transaction, and a lone one never waits.

Whoever finds no commit in progress commits, for itself and for all that wait. If others are on the way, it waits for
them a moment. Those who come during the commit wait for the next one, which takes them all.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from archive import ingest_direct, ingest_rows
from archive.company import Coming, Company
from archive.content_hash import FormerHashWanted, former_hash, is_same_content
from archive.database import Database
from archive.errors import DatabaseUnavailable, DuplicateRefused, NodeError
from archive.index import Entry, Outcome, Record
from archive.ingest_rows import SeriesKey
from archive.series_cache import SeriesCache
from archive.stages import Level, Stage, Stages

_LARGEST_GROUP: Final = 200
_TRIES: Final = 3
# About as long as the flush of a file, which those on the way are waiting for.
_COMPANY_SECONDS: Final = 0.000_8


class Duplicates(StrEnum):
    """What to do with other bytes under a SOP Instance UID that is here already (`storage.duplicates`)."""

    KEEP_FIRST = "keep-first"
    KEEP_BOTH = "keep-both"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """The end of one object's transaction.

    Parameters
    ----------
    outcome
        What became of the object.
    obsolete_key
        The file that is not needed any more: the new one of a duplicate, the old one of what was replaced.
    """

    outcome: Outcome
    obsolete_key: str | None = None


_STORED: Final = Committed(outcome=Outcome.STORED)


@dataclass(slots=True)
class _Ticket:
    entry: Entry
    result: Committed | NodeError | None = None


class GroupCommit:
    """Writes records to the index.

    Parameters
    ----------
    database
        Where to.
    duplicates
        Policy for a SOP Instance UID that is there with other bytes.
    sync_names
        Makes the names of blobs durable, which they are before their rows are written.
    is_there
        Tells whether a blob has its file.
    path
        Tells which.
    stages
        Counts where the time goes.
    """

    def __init__(
        self,
        database: Database,
        duplicates: Duplicates,
        *,
        sync_names: Callable[[Iterable[str]], None],
        is_there: Callable[[str], bool],
        path: Callable[[str], Path],
        stages: Stages | None = None,
    ) -> None:
        self._database = database
        self._duplicates = duplicates
        self._sync_names = sync_names
        self._is_there = is_there
        self._path = path
        self._stages = stages or Stages()
        self._series = SeriesCache()
        self._committing = threading.Lock()
        self._company = Company()
        self._waiting: list[_Ticket] = []

    def expect(self) -> Coming:
        """Say that an object is on the way; it must be committed with what this returns, or say that it will not."""
        return self._company.expect()

    def commit(self, entry: Entry, coming: Coming | None = None) -> Committed:
        """Write the entry of a blob that has its name; returns when both are durable.

        Parameters
        ----------
        entry
            The object.
        coming
            What `expect` returned for it.

        Raises
        ------
        DuplicateRefused
            Other bytes are there under its SOP Instance UID, and the first ones are kept.
        CommitUnknown
            Whether it is written is not known: its file must stay.
        DatabaseUnavailable, StorageFull, StorageFailed
            Storage or database did not take it.
        """
        ticket = _Ticket(entry)
        # Appending and slicing a list are atomic; a ticket is taken by exactly one group.
        self._waiting.append(ticket)
        self._stages.level(Level.WAITING, len(self._waiting))
        if coming is not None:
            coming.arrive()
        with self._committing:
            if ticket.result is None:
                self._company.wait(_COMPANY_SECONDS)
            while ticket.result is None:
                group = self._waiting[:_LARGEST_GROUP]
                del self._waiting[: len(group)]
                self._stages.level(Level.WAITING, len(self._waiting))
                try:
                    self._keep_group(group)
                finally:
                    _fail_unfinished(group)
        if isinstance(ticket.result, FormerHashWanted):
            return self.commit(self._with_former_hash(entry))
        if isinstance(ticket.result, NodeError):
            raise ticket.result
        return ticket.result

    def _with_former_hash(self, entry: Entry) -> Entry:
        record = entry.record
        former = former_hash(self._path(record.blob_key), record.data_offset)
        return replace(entry, record=replace(record, former_hash=former))

    def _keep_group(self, group: Sequence[_Ticket]) -> None:
        begun = perf_counter()
        self._stages.group(len(group))
        try:
            self._sync_names(ticket.entry.record.blob_key for ticket in group)
        except NodeError as error:
            for ticket in group:
                ticket.result = error
        else:
            self._stages.lap(Stage.FOLDER_FSYNC, begun)
            self._commit_group(group)

    def _commit_group(self, group: Sequence[_Ticket]) -> None:
        """Commit all together; when that fails, each alone, so that one cannot fail its neighbours."""
        try:
            self._commit_records(group)
        except NodeError as error:
            for ticket in group:
                ticket.result = error
        except (DBAPIError, LookupError) as error:
            self._series.forget(ticket.entry.record.series_key for ticket in group)
            if len(group) > 1:
                for ticket in group:
                    self._commit_group([ticket])
            else:
                self._commit_once_more(group[0], error)

    def _commit_once_more(self, ticket: _Ticket, cause: Exception) -> None:
        # Its series was remembered, but deleted meanwhile; now it is looked up afresh.
        for _ in range(_TRIES):
            try:
                return self._commit_records([ticket])
            except NodeError as error:
                ticket.result = error
                return None
            except (DBAPIError, LookupError) as error:
                cause = error
        ticket.result = DatabaseUnavailable("The index refused the object.")
        ticket.result.__cause__ = cause
        return None

    def _commit_records(self, group: Sequence[_Ticket]) -> None:
        entries = [ticket.entry for ticket in group]
        begun = perf_counter()
        if self._insert_new(entries):
            # Of other transactions the commit cannot be told from the rest.
            commit_seconds = self._database.direct.commit_seconds
            self._stages.observe(Stage.COMMIT, commit_seconds)
            self._stages.observe(Stage.INDEX, perf_counter() - begun - commit_seconds)
            results: Sequence[Committed | NodeError] = [_STORED] * len(group)
        else:
            results, series = self._database.write(self._write, entries)
            self._series.remember(series)
            self._stages.lap(Stage.INDEX, begun)
        for ticket, result in zip(group, results, strict=True):
            ticket.result = result

    def _insert_new(self, entries: Sequence[Entry]) -> bool:
        """Write objects that are new, of series that are known; tells whether they were."""
        rows = []
        for entry in entries:
            series_id = self._series.get(entry.record.series_key)
            if series_id is None:
                return False
            key = {"series_id": series_id}
            rows.append((entry.instance | key, entry.arrival | key))
        return ingest_direct.insert_new(self._database.direct, rows)

    def _write(
        self, connection: Connection, entries: Sequence[Entry]
    ) -> tuple[list[Committed | NodeError], dict[SeriesKey, int]]:
        records = [entry.record for entry in entries]
        series = self._series.known(record.series_key for record in records)
        series |= ingest_rows.ensure_series(connection, (r for r in records if r.series_key not in series))
        firsts = _first_of_each_uid(entries)
        ingest_rows.insert_instances(connection, firsts, series)
        inserted = ingest_rows.announce(connection, firsts, series)
        results = [
            _STORED if record.blob_key in inserted else self._write_duplicate(connection, record, series)
            for record in records
        ]
        return results, series

    def _write_duplicate(
        self, connection: Connection, record: Record, series: dict[SeriesKey, int]
    ) -> Committed | NodeError:
        existing = ingest_rows.existing(connection, record)
        if existing is None:
            raise LookupError("the instance vanished while its duplicate was received")
        if existing["blob_key"] == record.blob_key:
            # The connection broke after a commit that had succeeded, and the transaction was repeated.
            return Committed(outcome=Outcome.STORED)
        try:
            is_same = is_same_content(existing["content_hash"], record.content_hash, record.former_hash)
        except FormerHashWanted as wanted:
            return wanted
        if is_same:
            return self._write_again(connection, record, existing, series)
        if self._duplicates is Duplicates.KEEP_FIRST:
            return DuplicateRefused()
        if self._duplicates is Duplicates.KEEP_BOTH:
            ingest_rows.quarantine(connection, record, existing, "same SOP Instance UID, other content")
            return Committed(outcome=Outcome.QUARANTINED)
        ingest_rows.replace_instance(connection, record, existing, series[record.series_key])
        return Committed(outcome=Outcome.REPLACED, obsolete_key=existing["blob_key"])

    def _write_again(
        self, connection: Connection, record: Record, existing: dict[str, Any], series: dict[SeriesKey, int]
    ) -> Committed:
        if self._is_there(existing["blob_key"]):
            return Committed(outcome=Outcome.DUPLICATE, obsolete_key=record.blob_key)
        # Its file was lost. Success must not be answered for a row alone.
        ingest_rows.replace_instance(connection, record, existing, series[record.series_key])
        return Committed(outcome=Outcome.REPLACED)


def _fail_unfinished(group: Sequence[_Ticket]) -> None:
    # Only after an error that nobody foresaw: it is raised here, and must not leave the others waiting for ever.
    for ticket in group:
        ticket.result = ticket.result or DatabaseUnavailable()


def _first_of_each_uid(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries without those that repeat a SOP Instance UID of the same group."""
    firsts: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        firsts.setdefault((entry.record.origin.tenant, entry.record.header.sop_instance_uid), entry)
    return list(firsts.values())
