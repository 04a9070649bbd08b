"""One process a role on PostgreSQL and Redis, as the compose file's `split` profile runs them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from isocenter.demo.phantom import write_phantom
from isocenter.part10 import describe
from routing.delivery import deliver
from routing.peers import Peer
from tests.isocenter.nodes import PASSWORD, ServedNode
from tests.waiting import answers, free_port, wait_until

pytestmark = pytest.mark.timeout(240)

_CONFIGURATION = """
[analysis]
quiet_seconds = 1
[analysis.mock]
delay_seconds = [0, 0]
[[ae]]
ae_title = "MODALITY1"
host = "127.0.0.1"
port = 104
results = false
"""


@pytest.fixture
def redis_url() -> Iterator[str]:
    if not shutil.which("redis-server"):
        if os.environ.get("ISOCENTER_REQUIRE_PEERS"):
            pytest.fail("`make test` should have installed redis-server")
        pytest.skip("redis-server is not installed; `make test` installs it")
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_until(lambda: answers(port), what="redis-server")
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait(10)


@pytest.fixture
def roles(tmp_path: Path, postgres_url: str, redis_url: str) -> Iterator[dict[str, ServedNode]]:
    """The three roles, each with its own local folder; what they share is the database, the blobs and Redis."""
    shared = {
        "ISOCENTER_DATABASE__URL": postgres_url,
        "ISOCENTER_EVENTS__URL": redis_url,
        "ISOCENTER_STORAGE__URL": f"file://{tmp_path}/blobs",
    }
    started = {
        name: ServedNode(tmp_path / name, _CONFIGURATION, command=name, environment=shared).start()
        for name in ("dicom", "web", "worker")
    }
    yield started
    for node in started.values():
        node.kill()


class _Folder:
    """The phantom's files, as the sender asks for them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, key: str) -> Path:
        return self._folder / key


def test_roles_alone_do_the_whole_job_together(roles: dict[str, ServedNode], tmp_path: Path) -> None:
    dicom, web, worker = roles["dicom"], roles["web"], roles["worker"]
    assert dicom.wait() == f"ready ISOCENTER dicom {dicom.dicom_port}"
    assert web.wait() == f"ready ISOCENTER web {web.url}"
    assert worker.wait() == "ready ISOCENTER worker"

    study = write_phantom(tmp_path / "study", slices=8, size=64)
    peer = Peer(
        name="NODE", ae_title="ISOCENTER", host="127.0.0.1", port=dicom.dicom_port, calling_ae_title="MODALITY1"
    )
    sent = list(deliver(peer, [describe(file) for file in study.files], _Folder(tmp_path / "study")))
    assert [outcome.reason for outcome in sent] == [""] * 8

    with httpx.Client(base_url=web.url, auth=("admin", PASSWORD)) as client:

        def is_analysed() -> bool:
            answer = client.get(f"/api/v1/studies/{study.study_instance_uid}/status")
            return answer.status_code == httpx.codes.OK and answer.json()["status"] in ("COMPLETE", "PARTIAL")

        wait_until(is_analysed, seconds=60, what="the end of the analysis")
        results = client.get("/api/v1/results", params={"study_uid": study.study_instance_uid}).json()["items"]
        assert "SR" in {item["modality"] for item in results}

    assert _health(dicom, "dicom") == _health(web, "web") == _health(worker, "worker") == 0
    assert [node.stop() for node in roles.values()] == [0, 0, 0]
    assert all("Traceback" not in node.log for node in roles.values())


def _health(node: ServedNode, role: str) -> int:
    """Run the container's health check."""
    return node.run("health", role).returncode
