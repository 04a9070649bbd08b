"""One attempt of a job: from the claim to its end, whatever happens to the analyzer's process."""

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from analysis.errors import UnknownAnalyzer
from analysis.messages import Message, Outcome, Progressed, Request
from analysis.process import AnalysisProcess, ProcessEnded, ProcessPool
from analysis.registry import Registry
from archive import jobs, results, retrieve
from archive.errors import Conflict, NodeError
from archive.ingest import Archive
from archive.jobs import ClaimedJob
from archive.origin import Origin, OriginKind
from archive.results import DeliverResult, NewResult

_log = structlog.get_logger()
_PROGRESS_EVERY_SECONDS: Final = 0.2
_LOADING_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the runner allows a job.

    Attributes
    ----------
    timeout_seconds
        One attempt is ended after this.
    attempts
        Attempts before the job has failed.
    lease_seconds, heartbeat_seconds
        A claim holds so long, and is prolonged so often: a lost worker's job is free again after a lease.
    memory_bytes
        Address space of the analyzer's process; 0 for no limit.
    """

    timeout_seconds: float = 600.0
    attempts: int = 3
    concurrency: int = 2
    lease_seconds: float = 15.0
    heartbeat_seconds: float = 5.0
    memory_bytes: int = 12 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What an attempt works with.

    Attributes
    ----------
    wake
        Called with a topic of the bus after something was written.
    deliver
        Writes the deliveries of a result, in the transaction that records it.
    folder
        Where results are put before they are stored.
    """

    archive: Archive
    registry: Registry
    pool: ProcessPool
    wake: Callable[[str], None]
    folder: Path
    limits: Limits
    deliver: DeliverResult | None = None
    clock: Callable[[], float] = time.time


class _CanceledError(Exception):
    """Somebody called the job off."""


class _TimedOutError(Exception):
    """The attempt took too long."""


class Attempt:
    """One attempt.

    Parameters
    ----------
    workshop
        What it works with.
    job
        The claimed job; every write repeats its token, so that nothing is written over another worker's attempt.
    """

    def __init__(self, workshop: Workshop, job: ClaimedJob) -> None:
        self._workshop = workshop
        self._job = job
        self._log = _log.bind(
            job_id=job.id,
            analyzer=job.analyzer,
            attempt=job.attempt,
            study_uid=job.study_uid,
            series_uid=job.series_uid,
        )
        self._last_heartbeat = time.monotonic()
        self._last_progress = 0.0
        self._said = (-1, "")

    def run(self) -> None:
        """Do it and record how it ended."""
        begun = time.monotonic()
        folder = Path(tempfile.mkdtemp(prefix="job-", dir=self._workshop.folder))
        try:
            outcome = self._analyze(folder)
            self._record(outcome)
            self._log.info("job_attempt_ended", state=outcome.state, seconds=round(time.monotonic() - begun, 3))
        except _CanceledError:
            self._write(jobs.confirm_cancel)
            self._log.info("job_canceled")
        except Conflict:
            # The lease ran out and somebody else has the job, or it was removed: nothing may be written any more.
            self._log.warning("job_claim_lost")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            self._wake("events", "jobs")

    def _analyze(self, folder: Path) -> Outcome:
        """Run the analyzer in a child process; trouble with it is a failed attempt."""
        try:
            request = self._request(folder)
        except (UnknownAnalyzer, NodeError) as error:
            return Outcome(state="failed", reason=str(error))
        if not request.files:
            return Outcome(state="skipped", reason="the series has no instances any more")
        process = self._workshop.pool.take()
        healthy = False
        try:
            process.start(request)
            outcome = self._follow(process)
            healthy = True
        except ProcessEnded as error:
            return Outcome(state="failed", reason=str(error))
        except _TimedOutError:
            return Outcome(state="failed", reason=f"no result after {self._workshop.limits.timeout_seconds:g} s")
        else:
            return outcome
        finally:
            self._release(process, healthy=healthy)

    def _follow(self, process: AnalysisProcess) -> Outcome:
        """Pass on progress and keep the claim until the outcome is there.

        Loading a new child does not count as the analyzer's time.
        """
        limits = self._workshop.limits
        deadline = time.monotonic() + limits.timeout_seconds + _LOADING_SECONDS
        begun = False
        while True:
            now = time.monotonic()
            due = self._last_heartbeat + limits.heartbeat_seconds
            message: Message | None = process.receive(min(due, deadline) - now)
            if isinstance(message, Outcome):
                return message
            now = time.monotonic()
            if isinstance(message, Progressed):
                if not begun:
                    begun, deadline = True, now + limits.timeout_seconds
                self._tell(message)
            if now >= deadline:
                raise _TimedOutError
            if now >= due:
                self._heartbeat()

    def _heartbeat(self) -> None:
        limits = self._workshop.limits
        self._last_heartbeat = time.monotonic()
        job, now = self._job, self._workshop.clock()
        canceled = self._workshop.archive.database.write(
            jobs.heartbeat, job.id, job.token, lease_seconds=limits.lease_seconds, now=now
        )
        if canceled:
            raise _CanceledError

    def _tell(self, message: Progressed) -> None:
        """Announce progress, a few times a second at most and never twice the same."""
        now = time.monotonic()
        said = (message.percent, message.text)
        if said == self._said or now - self._last_progress < _PROGRESS_EVERY_SECONDS:
            return
        self._said, self._last_progress = said, now
        self._write(jobs.progress, message.percent, message.text)
        self._wake("events")

    def _release(self, process: AnalysisProcess, *, healthy: bool) -> None:
        pool = self._workshop.pool
        if healthy:
            pool.give_back(process)
        else:
            process.kill()
            pool.fill()

    def _request(self, folder: Path) -> Request:
        """Collect what the child needs to know."""
        job, archive = self._job, self._workshop.archive
        stored = archive.database.read(
            retrieve.instances, job.tenant, study_uids=[job.study_uid], series_uids=[job.series_uid]
        )
        spec = self._workshop.registry.spec(job.analyzer)
        return Request(
            analyzer=job.analyzer,
            reference=spec.reference,
            options=dict(spec.options),
            files=tuple(
                (str(archive.blobs.path(item.key)), item.data_offset, str(item.transfer_syntax_uid)) for item in stored
            ),
            output=str(folder),
            created=datetime.fromtimestamp(job.created, UTC).astimezone().isoformat(),
            predecessor=self._predecessor(),
        )

    def _predecessor(self) -> str | None:
        """Find the file of the report that the new one follows."""
        job, archive = self._job, self._workshop.archive
        uid = archive.database.read(
            results.predecessor, job.tenant, analyzed_series_uid=job.series_uid, analyzer=job.analyzer
        )
        if uid is None:
            return None
        stored = archive.database.read(retrieve.instances, job.tenant, sop_uids=[uid], include_hidden=True)
        return str(archive.blobs.path(stored[0].key)) if stored else None

    def _record(self, outcome: Outcome) -> None:
        """Store what was produced and end the attempt."""
        if outcome.state == "skipped":
            self._write(jobs.skip, outcome.reason)
            return
        if outcome.state == "complete":
            try:
                self._store(outcome)
            except NodeError as error:
                if isinstance(error, Conflict):
                    raise
                outcome = Outcome(state="failed", reason=f"result not stored: {error}")
            else:
                return
        self._log.warning("job_attempt_failed", reason=outcome.reason)
        attempts = self._workshop.limits.attempts
        self._write(jobs.fail, outcome.reason, attempts=attempts)

    def _store(self, outcome: Outcome) -> None:
        """Keep the objects, then record them and end the job in one transaction.

        An attempt that is repeated after a crash in between stores the same bytes again, which changes nothing.
        """
        job, archive = self._job, self._workshop.archive
        origin = Origin(kind=OriginKind.ANALYSIS, tenant=job.tenant, job_id=job.id)
        self._heartbeat()
        produced = []
        for file in outcome.files:
            archive.receive_file(file.path, origin)
            produced.append(
                NewResult(
                    job_id=job.id,
                    study_uid=file.study_instance_uid,
                    series_uid=file.series_instance_uid,
                    analyzed_series_uid=job.series_uid,
                    sop_instance_uid=file.sop_instance_uid,
                    sop_class_uid=file.sop_class_uid,
                    modality=file.modality,
                    analyzer=job.analyzer,
                    version=job.version,
                    predecessor_uid=outcome.predecessor_uid if file.modality == "SR" else None,
                )
            )
        self._write(jobs.complete, produced, deliver=self._workshop.deliver)
        self._wake("deliveries")

    def _write(self, function: Callable[..., object], *args: object, **kwargs: object) -> None:
        now = self._workshop.clock()
        self._workshop.archive.database.write(function, self._job.id, self._job.token, *args, now=now, **kwargs)

    def _wake(self, *topics: str) -> None:
        for topic in topics:
            self._workshop.wake(topic)
