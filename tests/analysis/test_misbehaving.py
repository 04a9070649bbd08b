"""What a model does wrong in its process is its own failure: the node goes on, and nothing of it is left behind."""

import time
from pathlib import Path
from typing import Any

import pytest

from analysis.registry import AnalyzerSpec, Registry
from archive import events, jobs
from isocenter.demo.phantom import PhantomStudy
from tests.analysis.conftest import Site
from tests.analysis.test_runner import MakeSite
from tests.waiting import wait_until


@pytest.fixture
def site(make_site: MakeSite, phantom: PhantomStudy) -> Site:
    """Give an archive with a series, and no analyzer yet."""
    made = make_site()
    made.receive(phantom.files[:3])
    return made


def _run(site: Site, kind: str, **limits: float) -> dict[str, Any]:
    """Let a job of the misbehaving analyzer run once; give the job."""
    options = {"kind": kind, "note": str(site.folder / "note")}
    spec = AnalyzerSpec(name="misbehaving", reference="tests.analysis.misbehaving:Misbehaving", options=options)
    site.registry = Registry([spec])
    site.settle()
    assert site.runner(attempts=1, **limits).run_once()
    (job,) = site.database.read(jobs.listing, "default").items
    return job


def _is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    # Whoever has to collect a dead orphan may be late.
    return status.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("fork_and_hang", "no result after 1 s"),
        ("start_and_hang", "no result after 1 s"),
        ("fork_and_crash", "the analyzer's process ended (exit code 3)"),
    ],
)
def test_processes_that_a_model_started_end_with_it(site: Site, kind: str, reason: str) -> None:
    """They held the pipe to the runner open: the job never ended, and no other was run after it."""
    begun = time.monotonic()
    job = _run(site, kind, timeout_seconds=1.0 if "hang" in kind else 300.0)
    assert (job["status"], job["error"]) == ("FAILED", reason)
    assert time.monotonic() - begun < 60
    started = int((site.folder / "note").read_text())
    wait_until(lambda: not _is_alive(started), seconds=10, what="the end of what the model started")


def test_what_a_model_reads_is_at_its_end(site: Site) -> None:
    assert _run(site, "read_input", timeout_seconds=60.0)["status"] == "COMPLETE"


def test_a_model_that_exits_has_failed_and_says_where(site: Site) -> None:
    job = _run(site, "leave")
    assert job["status"] == "FAILED"
    assert job["error"].startswith("SystemExit in misbehaving.py")


@pytest.mark.parametrize("kind", ["speak_oddly", "speak_in_many_threads"])
def test_odd_progress_harms_nothing(site: Site, kind: str) -> None:
    assert _run(site, kind)["status"] == "COMPLETE"
    said = [item["data"] for item in site.database.read(events.since, "default", 0, 1000)]
    for data in (item for item in said if "percent" in item):
        assert isinstance(data["percent"], int)
        assert 0 <= data["percent"] <= 100
        assert len(data["text"]) <= 500
        assert data["text"].isprintable()
