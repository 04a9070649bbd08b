"""`make demo`'s main job, from the first line to Ctrl-C, twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from pydicom.uid import UID

from tests.waiting import free_port, wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

_PREFIXES = ("ready ", "study ", "report ", "viewer ", "user ", "password ")


def _run_demo(folder: Path) -> dict[str, str]:
    environment = {
        **os.environ,
        "ISOCENTER_DICOM__PORT": str(free_port()),
        "ISOCENTER_WEB__PORT": str(free_port()),
        "PYTHONUNBUFFERED": "1",
    }
    output = folder / "demo.out"
    with output.open("w") as out:
        process = subprocess.Popen(
            # As a shell starts it in the background: with SIGINT ignored.
            ["env", "--ignore-signal=INT", sys.executable, "-m", "isocenter.demo"],
            cwd=folder,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
        )

    def printed() -> dict[str, str] | None:
        assert process.poll() is None, output.read_text()[-4000:]
        lines = output.read_text().splitlines()
        found = {p.strip(): line.removeprefix(p).strip() for p in _PREFIXES for line in lines if line.startswith(p)}
        return found if len(found) == len(_PREFIXES) else None

    try:
        said = wait_until(printed, seconds=100, what="every line of the demo")
        session = {"username": said["user"], "password": said["password"]}
        assert httpx.post(f"{said['viewer'].rstrip('/')}/api/v1/session", json=session).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=40) == 0
    finally:
        process.kill()
        process.wait()
    return said


def test_the_demo_runs_twice(tmp_path: Path) -> None:
    first, second = _run_demo(tmp_path), _run_demo(tmp_path)
    for said in (first, second):
        assert UID(said["study"]).is_valid
        assert UID(said["report"]).is_valid
        assert "ISOCENTER" in said["ready"]
