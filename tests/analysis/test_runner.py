import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from analysis.messages import Progressed, Request
from analysis.process import AnalysisProcess, ProcessPool
from analysis.registry import BUILT_IN
from analysis.runner import Runner
from archive import events, jobs, results, retrieve
from isocenter.demo.phantom import PhantomStudy, write_phantom
from tests.analysis.conftest import Site, with_patient
from tests.waiting import wait_until

MakeSite = Callable[..., Site]


def _jobs(site: Site) -> list[dict[str, Any]]:
    return site.database.read(jobs.listing, "default").items


def _events(site: Site) -> list[str]:
    return [message["type"] for message in site.database.read(events.since, "default", 0, 1000)]


@contextmanager
def _running(runner: Runner) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=runner.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def test_a_complete_series_gets_a_report_and_a_segmentation(make_site: MakeSite, phantom: PhantomStudy) -> None:
    site = make_site("ct-lung-densitometry")
    site.receive(phantom.files)
    site.settle()

    assert site.runner().run_once()

    assert [(job["status"], job["progress"], job["attempt"]) for job in _jobs(site)] == [("COMPLETE", 100, 1)]
    made = site.database.read(results.listing, "default").items
    assert {item["modality"] for item in made} == {"SR", "SEG"}
    assert all(item["study_uid"] == phantom.study_instance_uid for item in made)
    stored = site.database.read(retrieve.instances, "default", sop_uids=[item["sop_instance_uid"] for item in made])
    assert len(stored) == 2


def test_events_of_a_job_come_in_order(make_site: MakeSite, phantom: PhantomStudy) -> None:
    site = make_site("ct-lung-densitometry")
    site.receive(phantom.files)
    site.settle()
    site.runner().run_once()

    seen = [kind for kind in dict.fromkeys(_events(site)) if not kind.startswith("instance")]
    order = ["series.complete", "job.pending", "job.analyzing", "job.progress", "result.stored", "job.complete"]
    assert [kind for kind in seen if kind in order] == order


def test_nothing_is_claimed_when_nothing_waits(make_site: MakeSite) -> None:
    assert not make_site("mock-ct-chest").runner().run_once()


@pytest.mark.parametrize(
    ("patient_id", "reason"),
    [("FAIL^1", "simulated failure"), ("CRASH^1", "signal 9"), ("HANG^1", "no result after 2 s")],
)
def test_a_fault_fails_the_attempt_and_names_no_patient(
    make_site: MakeSite, phantom: PhantomStudy, tmp_path: Path, patient_id: str, reason: str
) -> None:
    site = make_site("mock-ct-chest")
    site.receive(with_patient(phantom.files[:3], tmp_path / "in", patient_id))
    site.settle()

    site.runner(attempts=1, timeout_seconds=2).run_once()

    (job,) = _jobs(site)
    assert job["status"] == "FAILED"
    assert reason in job["error"]
    assert patient_id not in job["error"]
    assert "job.failed" in _events(site)


def test_a_failed_attempt_is_repeated_by_the_loop(make_site: MakeSite, phantom: PhantomStudy, tmp_path: Path) -> None:
    site = make_site("mock-ct-chest")
    site.receive(with_patient(phantom.files[:3], tmp_path / "in", "FAIL^1"))
    site.settle()

    with _running(site.runner(attempts=2)):
        wait_until(lambda: _jobs(site)[0]["status"] == "FAILED", seconds=30, what="the second failure")

    assert _jobs(site)[0]["attempt"] == 2
    assert _events(site).count("job.analyzing") == 2
    assert _events(site).count("job.failed") == 1


def test_a_child_that_was_killed_is_replaced(make_site: MakeSite, phantom: PhantomStudy, tmp_path: Path) -> None:
    site = make_site("mock-ct-chest")
    site.receive(with_patient(phantom.files[:3], tmp_path / "in", "CRASH^1"))
    other = write_phantom(tmp_path / "other", slices=3, size=64, seed=2, patient_id="P2")
    site.receive(other.files)
    site.settle()
    runner = site.runner(attempts=1)

    assert runner.run_once()
    assert runner.run_once()

    assert sorted(job["status"] for job in _jobs(site)) == ["COMPLETE", "FAILED"]


def test_an_unsuitable_series_is_skipped_with_the_reason(make_site: MakeSite, phantom: PhantomStudy) -> None:
    site = make_site("ct-lung-densitometry")
    site.receive(phantom.files[:22])
    site.settle()
    site.runner().run_once()

    (job,) = _jobs(site)
    assert job["status"] == "SKIPPED"
    assert job["error"] == "the series does not cover the whole lungs"


def test_a_running_job_can_be_canceled(make_site: MakeSite, phantom: PhantomStudy, tmp_path: Path) -> None:
    site = make_site("mock-ct-chest")
    site.receive(with_patient(phantom.files[:3], tmp_path / "in", "HANG^1"))
    site.settle()

    with _running(site.runner(heartbeat_seconds=0.2)):
        job = wait_until(lambda: next((job for job in _jobs(site) if job["status"] == "ANALYZING"), None))
        site.database.write(jobs.cancel, "default", int(job["id"]), principal="admin", now=1.0)
        wait_until(lambda: _jobs(site)[0]["status"] == "CANCELED", what="the cancellation")

    assert "job.canceled" in _events(site)


def test_the_job_of_a_lost_worker_runs_again(make_site: MakeSite, phantom: PhantomStudy) -> None:
    site = make_site("mock-ct-chest")
    site.receive(phantom.files[:3])
    site.settle()
    lost = site.database.write(jobs.claim, worker_id="lost", lease_seconds=0.0, now=1.0)
    assert lost is not None

    with _running(site.runner()):
        wait_until(lambda: _jobs(site)[0]["status"] == "COMPLETE", what="the second attempt")

    assert _jobs(site)[0]["attempt"] == 2


def test_an_attempt_that_lost_its_claim_writes_nothing(make_site: MakeSite, phantom: PhantomStudy) -> None:
    site = make_site("mock-ct-chest")
    site.receive(phantom.files[:3])
    site.settle()
    runner = site.runner()
    first = site.database.write(jobs.claim, worker_id="a", lease_seconds=0.0, now=1.0, analyzers=site.registry.names)
    assert first is not None
    site.database.write(jobs.release_expired, now=2.0, attempts=3)
    assert runner.run_once()
    before = _events(site)

    from analysis.attempt import Attempt  # noqa: PLC0415 - only here the attempt is made by hand

    Attempt(runner._workshop, first).run()

    assert _jobs(site)[0]["status"] == "COMPLETE"
    assert _events(site) == before


def test_a_repeated_attempt_makes_the_same_objects(
    make_site: MakeSite, phantom: PhantomStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site("ct-lung-densitometry")
    site.receive(phantom.files)
    site.settle()
    runner = site.runner(attempts=3)

    # The worker dies between storing the objects and ending the job.
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "complete", _die)
        with pytest.raises(SystemExit):
            runner.run_once()
    stored = len(site.database.read(retrieve.instances, "default", study_uids=[phantom.study_instance_uid]))
    site.database.write(jobs.release_expired, now=4e9, attempts=3)

    assert runner.run_once()
    assert _jobs(site)[0]["status"] == "COMPLETE"
    again = site.database.read(retrieve.instances, "default", study_uids=[phantom.study_instance_uid])
    assert len(again) == stored == 32


def _die(*_args: object, **_kwargs: object) -> None:
    raise SystemExit


def test_late_images_make_a_report_that_names_its_predecessor(make_site: MakeSite, phantom: PhantomStudy) -> None:
    site = make_site("mock-ct-chest")
    site.receive(phantom.files[:5])
    site.settle()
    runner = site.runner()
    runner.run_once()
    (first,) = [item for item in site.database.read(results.listing, "default").items if item["modality"] == "SR"]

    site.receive(phantom.files[5:])
    site.settle()
    assert runner.run_once()

    (second,) = [item for item in site.database.read(results.listing, "default").items if item["modality"] == "SR"]
    assert second["predecessor_uid"] == first["sop_instance_uid"]
    assert "result.superseded" in _events(site)
    (stored,) = site.database.read(retrieve.instances, "default", sop_uids=[second["sop_instance_uid"]])
    report = dcmread(site.archive.blobs.path(stored.key))
    named = report.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert named.ReferencedSOPInstanceUID == first["sop_instance_uid"]


def test_children_end_with_the_pool() -> None:
    with ProcessPool(size=2) as pool:
        pids = [process.pid for process in pool._idle]
        assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def test_a_hanging_child_ends_when_its_runner_dies(phantom: PhantomStudy, tmp_path: Path) -> None:
    process = AnalysisProcess()
    hanging = with_patient(phantom.files[:1], tmp_path / "in", "HANG^1")
    process.start(
        Request(
            analyzer="mock-ct-chest",
            reference=BUILT_IN["mock-ct-chest"],
            options={"delay_seconds": [0, 0]},
            files=((str(hanging[0]), 0, ""),),
            output=str(tmp_path),
            created="2026-11-23T10:00:00+00:00",
        )
    )
    wait_until(lambda: isinstance(process.receive(1), Progressed), seconds=60, what="the start of the analysis")
    # What the kernel does with the pipes of a process that was killed.
    process._stdin.close()
    assert process._process.wait(20) is not None
    process.end()
