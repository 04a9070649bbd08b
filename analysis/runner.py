"""The job runner of a worker: claims jobs, runs each attempt in a thread, frees the jobs of workers that were lost."""

import threading
import time
from pathlib import Path
from typing import Self

import structlog

from analysis.attempt import Attempt, Limits, Workshop
from analysis.errors import where_raised
from analysis.process import ProcessPool
from analysis.registry import Registry
from archive import jobs
from archive.bus import Bus
from archive.errors import DatabaseUnavailable
from archive.ingest import Archive
from archive.jobs import ClaimedJob
from archive.results import DeliverResult
from archive.worker_names import worker_name
from config.sections import AnalysisSettings

__all__ = ["Limits", "Runner", "limits_of"]

_log = structlog.get_logger()
_POLL_SECONDS = 1.0
_DRAIN_SECONDS = 10.0


def limits_of(settings: AnalysisSettings) -> Limits:
    """Take the limits from the configuration."""
    return Limits(
        timeout_seconds=settings.timeout_seconds, attempts=settings.attempts, concurrency=settings.concurrency
    )


class Runner:
    """Runs jobs until told to stop.

    Parameters
    ----------
    archive, registry, bus
        Where jobs and images come from, what analyzes them, and who is woken up.
    folder
        Where results are put before they are stored; made if missing.
    deliver
        Writes the deliveries of a result, in the transaction that records it.
    worker_id
        Name of this worker, for people.
    pool
        Child processes shared with other runners; its own are made, and ended by `close`, when left out.
    """

    def __init__(
        self,
        *,
        archive: Archive,
        registry: Registry,
        bus: Bus,
        folder: Path,
        limits: Limits | None = None,
        deliver: DeliverResult | None = None,
        worker_id: str | None = None,
        pool: ProcessPool | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._bus = bus
        self._worker_id = worker_id or worker_name()
        folder.mkdir(parents=True, exist_ok=True)
        self._own_pool: ProcessPool | None = None
        if pool is None:
            pool = ProcessPool(size=self._limits.concurrency, memory_bytes=self._limits.memory_bytes)
            self._own_pool = pool
        self._workshop = Workshop(
            archive=archive,
            registry=registry,
            pool=pool,
            wake=bus.publish,
            folder=folder,
            limits=self._limits,
            deliver=deliver,
        )
        self._running: set[threading.Thread] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, stop: threading.Event) -> None:
        """Claim and run jobs until `stop` is set; then let running ones end for a while.

        Jobs that do not end in time are given up: their leases run out and another worker repeats them.
        """
        subscription = self._bus.subscribe("jobs")
        try:
            while not stop.is_set():
                subscription.wait(self._look())
        finally:
            subscription.close()
            self._drain()

    def run_once(self) -> bool:
        """Claim one job, if there is one, and run it here; tell whether there was one."""
        job = self._claim()
        if job is None:
            return False
        Attempt(self._workshop, job).run()
        return True

    def close(self) -> None:
        """End the child processes, if they are this runner's."""
        if self._own_pool is not None:
            self._own_pool.close()

    def _look(self) -> float:
        """Start as many jobs as there is room for; tell how long there is nothing to do then.

        A read decides whether there is anything to write: an idle worker must not hold the database's one writer.
        """
        database = self._workshop.archive.database
        try:
            if not self._is_due():
                return self._until_due()
            if database.write(jobs.release_expired, now=time.time(), attempts=self._limits.attempts):
                self._bus.publish("events")
            while len(self._running) < self._limits.concurrency and (job := self._claim()) is not None:
                self._start(job)
            return self._until_due()
        except DatabaseUnavailable:
            _log.warning("jobs_not_claimed")
            return _POLL_SECONDS

    def _is_due(self) -> bool:
        due = self._next_due()
        return due is not None and due <= time.time()

    def _until_due(self) -> float:
        """Give the seconds until the next job is due, a poll's at most; what is overdue waits for room or a worker."""
        due = self._next_due()
        waiting = _POLL_SECONDS if due is None else due - time.time()
        return min(waiting, _POLL_SECONDS) if waiting > 0 else _POLL_SECONDS

    def _next_due(self) -> float | None:
        return self._workshop.archive.database.read(jobs.next_due, self._workshop.registry.names)

    def _claim(self) -> ClaimedJob | None:
        job = self._workshop.archive.database.write(
            jobs.claim,
            worker_id=self._worker_id,
            lease_seconds=self._limits.lease_seconds,
            now=time.time(),
            analyzers=self._workshop.registry.names,
        )
        if job is not None:
            self._bus.publish("events")
        return job

    def _start(self, job: ClaimedJob) -> None:
        thread = threading.Thread(target=self._attempt, args=(job,), name=f"job-{job.id}", daemon=True)
        self._running.add(thread)
        thread.start()

    def _attempt(self, job: ClaimedJob) -> None:
        try:
            Attempt(self._workshop, job).run()
        except DatabaseUnavailable:
            # The lease runs out and the job is repeated when the database is back.
            _log.warning("job_not_recorded", job_id=job.id)
        # A thread's edge: what escapes here would vanish; the lease makes sure that the job does not.
        except Exception as error:  # noqa: BLE001
            # Messages of database errors quote values: only the kind and the place are logged.
            _log.error("job_attempt_broken", job_id=job.id, error=where_raised(error))
        finally:
            self._running.discard(threading.current_thread())
            self._bus.publish("jobs")

    def _drain(self) -> None:
        deadline = time.monotonic() + _DRAIN_SECONDS
        for thread in tuple(self._running):
            thread.join(max(0.0, deadline - time.monotonic()))
        left = len(self._running)
        if left:
            _log.warning("jobs_given_up", count=left)
