"""Kill -9, a full disk, a database that is away: what was acknowledged is there, once, byte for byte."""

import hashlib
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from isocenter.demo.phantom import PhantomStudy
from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.dcmtk import Scu
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.objects import ct_slice, encoded
from tests.acceptance.peers.raw import RawScu
from tests.postgres import Server
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance

OUT_OF_RESOURCES = 0xA700


class Sender(threading.Thread):
    """Sends small slices of one series until the node goes away, and remembers what was acknowledged."""

    def __init__(self, node: Node) -> None:
        super().__init__(daemon=True)
        self._port = node.dicom_port
        self._study, self._series = ct_slice().StudyInstanceUID, ct_slice().SeriesInstanceUID
        self.acknowledged: dict[str, str] = {}

    def run(self) -> None:
        try:
            with RawScu(self._port) as scu:
                while True:
                    ds = ct_slice(StudyInstanceUID=self._study, SeriesInstanceUID=self._series)
                    data_set = encoded(ds)
                    if scu.store(data_set, sop_instance=ds.SOPInstanceUID.encode()) == 0:
                        self.acknowledged[ds.SOPInstanceUID] = hashlib.sha256(data_set).hexdigest()
        except OSError:
            return


def _kept(node: Node, folder: Path, study_uid: str) -> dict[str, str]:
    """Fetch a study over C-GET and return the SHA-256 of each CT data set."""
    from pydicom import dcmread  # noqa: PLC0415

    digests = {}
    for path in Scu(node.dicom_port).get(folder, "QueryRetrieveLevel=STUDY", f"StudyInstanceUID={study_uid}"):
        header = dcmread(path, stop_before_pixels=True)
        start = 132 + 12 + header.file_meta.FileMetaInformationGroupLength
        assert header.SOPInstanceUID not in digests
        if header.Modality == "CT":
            digests[header.SOPInstanceUID] = hashlib.sha256(path.read_bytes()[start:]).hexdigest()
    return digests


@pytest.mark.parametrize("after", [20, 75, 160])
def test_b39_kill_9_of_the_node_during_ingest_loses_nothing(
    start_node: Callable[..., Node], tmp_path: Path, after: int
) -> None:
    node = start_node(aes=[MODALITY])
    senders = [Sender(node) for _ in range(3)]
    for sender in senders:
        sender.start()
    wait_until(lambda: sum(len(sender.acknowledged) for sender in senders) >= after, what="some acknowledged stores")
    node.kill()
    for sender in senders:
        sender.join(timeout=30)
    node.start()
    for number, sender in enumerate(senders):
        kept = _kept(node, tmp_path / f"kept{number}", sender._study)
        assert sender.acknowledged.items() <= kept.items()
    assert node.run("db", "check").returncode == 0
    assert not list(node.data_dir.rglob("*.part"))


def test_a_killed_worker_s_job_runs_again_and_ends_once(
    start_node: Callable[..., Node], chest_ct: PhantomStudy
) -> None:
    node = start_node(aes=[MODALITY], analysis={"quiet_seconds": 1, "mock": {"delay_seconds": [4, 5]}})
    assert Scu(node.dicom_port).store(chest_ct.files).returncode == 0
    uid = chest_ct.study_instance_uid
    wait_until(
        lambda: [e for e in node.events(study_uid=uid) if e["type"] == "job.progress"], seconds=30, what="progress"
    )
    for pid in node.children("worker"):
        os.kill(pid, signal.SIGKILL)
    node.wait_for_status(uid, "COMPLETE", seconds=60)
    # The next worker did not wait until the claims of the killed one ran out.
    assert re.search(r'"claims": [1-9]\d*, "event": "claims_ended"', node.log)
    events = node.events(study_uid=uid)
    jobs = {event["job_id"] for event in events if event["type"] == "job.pending"}
    for job_id in jobs:
        assert sum(event["type"] == "job.complete" and event["job_id"] == job_id for event in events) == 1
    stored = [event["data"]["sop_instance_uid"] for event in events if event["type"] == "result.stored"]
    assert len(stored) == len(set(stored))


def test_the_death_of_a_child_restarts_that_child_only(start_node: Callable[..., Node]) -> None:
    node = start_node(aes=[MODALITY])
    supervisor, before = node.pid, set(node.children("dicom"))
    os.kill(next(iter(before)), signal.SIGKILL)
    wait_until(lambda: len(set(node.children("dicom")) - before) >= 1, what="another listener")
    wait_until(lambda: Scu(node.dicom_port).echo().returncode == 0, what="an answered C-ECHO")
    assert node.pid == supervisor
    assert node.stop() == 0


def test_b37_a_full_disk_refuses_with_a700_and_recovers(start_node: Callable[..., Node], small_disk: Path) -> None:
    node = start_node(aes=[MODALITY], storage={"url": f"file://{small_disk}"}, analysis={"quiet_seconds": 3600})
    statuses, kept = [], []
    with RawScu(node.dicom_port) as scu:
        for _ in range(60):
            ds = ct_slice(Rows=512, Columns=512, PixelData=bytes(512 * 512 * 2))
            statuses.append(scu.store(encoded(ds), sop_instance=ds.SOPInstanceUID.encode()))
            kept += [ds] if statuses[-1] == 0 else []
    assert set(statuses) == {0, OUT_OF_RESOURCES}
    assert statuses[-1] == OUT_OF_RESOURCES
    assert node.get("/api/v1/statistics")["instances"] == len(kept)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    ds = ct_slice()

    def stored_again() -> bool:
        with RawScu(node.dicom_port) as scu:
            return scu.store(encoded(ds), sop_instance=ds.SOPInstanceUID.encode()) == 0

    wait_until(stored_again, what="a stored instance once there is room")


def test_b38_a_database_that_is_away_refuses_and_comes_back(
    postgres_server: Server, postgres_url: str, start_node: Callable[..., Node]
) -> None:
    node = start_node(aes=[MODALITY], database={"url": postgres_url})
    first, during, after = ct_slice(), ct_slice(), ct_slice()
    with RawScu(node.dicom_port) as scu:
        scu.socket.settimeout(60)
        assert scu.store(encoded(first), sop_instance=first.SOPInstanceUID.encode()) == 0
        postgres_server.stop()
        assert scu.store(encoded(during), sop_instance=during.SOPInstanceUID.encode()) == OUT_OF_RESOURCES
        postgres_server.start()
    files = {path.stem for path in node.data_dir.rglob("*.dcm")}
    assert len(files) == 1

    def stored_again() -> bool:
        with RawScu(node.dicom_port) as scu:
            scu.socket.settimeout(60)
            return scu.answer == 2 and scu.store(encoded(after), sop_instance=after.SOPInstanceUID.encode()) == 0

    wait_until(stored_again, seconds=60, what="a stored instance once the database is back")
