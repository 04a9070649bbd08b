"""One study from the modality to the delivered report, with DCMTK as modality and PACS."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from isocenter.demo.phantom import PhantomStudy
from tests.acceptance.peers.dcmtk import Scu, StoreScp
from tests.acceptance.peers.node import Node
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def stored(module_node: Node, modality: Scu, chest_ct: PhantomStudy) -> PhantomStudy:
    """The chest CT, stored by storescu and analysed."""
    sent = modality.store(chest_ct.files)
    assert sent.returncode == 0, sent.stderr
    module_node.wait_for_status(chest_ct.study_instance_uid, "COMPLETE")
    return chest_ct


def _data_set_digest(path: Path) -> str:
    header = dcmread(path, stop_before_pixels=True)
    start = 132 + 12 + header.file_meta.FileMetaInformationGroupLength
    return hashlib.sha256(path.read_bytes()[start:]).hexdigest()


def test_a_configured_ae_gets_an_echo(modality: Scu) -> None:
    assert modality.echo().returncode == 0


def test_every_job_of_the_study_completes(module_node: Node, stored: PhantomStudy) -> None:
    jobs = module_node.get("/api/v1/jobs", study_uid=stored.study_instance_uid)["items"]
    assert {job["status"] for job in jobs} == {"COMPLETE"}
    assert any("densitometry" in job["analyzer"] for job in jobs)
    assert any("mock" in job["analyzer"] for job in jobs)


def test_the_report_is_delivered_to_the_pacs(module_node: Node, module_pacs: StoreScp, stored: PhantomStudy) -> None:
    reports = wait_until(lambda: module_pacs.received("SR"), what="the SR at PACS1")
    assert dcmread(reports[0]).StudyInstanceUID == stored.study_instance_uid
    listed = module_node.get("/api/v1/results", study_uid=stored.study_instance_uid, modality="SR")["items"]
    wait_until(lambda: len(module_pacs.received("SR")) == len(listed), what="every SR at PACS1")
    assert {dcmread(path).SOPInstanceUID for path in module_pacs.received("SR")} == {
        item["sop_instance_uid"] for item in listed
    }


def test_the_report_is_found_by_c_find(tmp_path: Path, modality: Scu, stored: PhantomStudy) -> None:
    series = modality.find(
        tmp_path / "find",
        "QueryRetrieveLevel=SERIES",
        f"StudyInstanceUID={stored.study_instance_uid}",
        "Modality=SR",
        "SeriesInstanceUID",
        "SeriesDescription",
        "NumberOfSeriesRelatedInstances",
    )
    assert series
    assert all(item.NumberOfSeriesRelatedInstances == 1 for item in series)
    assert all("AI" in item.SeriesDescription or "MOCK" in item.SeriesDescription for item in series)


def test_the_study_is_found_at_every_level(tmp_path: Path, modality: Scu, stored: PhantomStudy) -> None:
    study = f"StudyInstanceUID={stored.study_instance_uid}"
    patient_id = dcmread(stored.files[0], stop_before_pixels=True).PatientID
    folder = tmp_path / "find"
    patients = modality.find(folder, "QueryRetrieveLevel=PATIENT", f"PatientID={patient_id}", "PatientName", model="-P")
    assert [item.PatientID for item in patients] == [patient_id]
    studies = modality.find(folder, "QueryRetrieveLevel=STUDY", study, "ModalitiesInStudy")
    assert {"CT", "SR", "SEG"} <= set(studies[0].ModalitiesInStudy)
    images = modality.find(
        folder, "QueryRetrieveLevel=IMAGE", study, f"SeriesInstanceUID={stored.series_instance_uid}", "SOPInstanceUID"
    )
    assert len(images) == len(stored.files)


def test_c_get_gives_the_bytes_that_were_sent(tmp_path: Path, modality: Scu, stored: PhantomStudy) -> None:
    got = modality.get(
        tmp_path / "get",
        "QueryRetrieveLevel=SERIES",
        f"StudyInstanceUID={stored.study_instance_uid}",
        f"SeriesInstanceUID={stored.series_instance_uid}",
    )
    assert sorted(map(_data_set_digest, got)) == sorted(map(_data_set_digest, stored.files))


def test_c_move_sends_the_bytes_that_were_sent(module_pacs: StoreScp, modality: Scu, stored: PhantomStudy) -> None:
    moved = modality.move(
        "PACS1",
        "QueryRetrieveLevel=SERIES",
        f"StudyInstanceUID={stored.study_instance_uid}",
        f"SeriesInstanceUID={stored.series_instance_uid}",
    )
    assert moved.returncode == 0, moved.stderr
    assert sorted(map(_data_set_digest, module_pacs.received("CT"))) == sorted(map(_data_set_digest, stored.files))


def test_the_events_of_a_job_come_in_order(module_node: Node, module_pacs: StoreScp, stored: PhantomStudy) -> None:
    wait_until(lambda: module_pacs.received("SR"), what="the SR at PACS1")
    events = module_node.events(study_uid=stored.study_instance_uid)
    numbers = [event["seq"] for event in events]
    assert numbers == sorted(set(numbers))
    complete = next(event for event in events if event["type"] == "series.complete")
    assert complete["data"]["instances"] == len(stored.files)
    jobs = {event["job_id"] for event in events if event["type"] == "job.pending"}
    assert jobs
    for job_id in jobs:
        of_job = [event for event in events if event.get("job_id") == job_id]
        first = {kind: next(e["seq"] for e in of_job if e["type"] == kind) for kind in _ORDER if kind != "job.progress"}
        assert complete["seq"] < first["job.pending"]
        assert [first[kind] for kind in _ORDER if kind in first] == sorted(first.values())
        progress = [event for event in of_job if event["type"] == "job.progress"]
        assert progress
        assert all(first["job.analyzing"] < event["seq"] < first["job.complete"] for event in progress)
    _assert_deliveries_follow_their_results(events)


_ORDER = ["job.pending", "job.analyzing", "job.progress", "result.stored", "job.complete"]


def _assert_deliveries_follow_their_results(events: list[dict[str, Any]]) -> None:
    results: set[str] = set()
    for event in events:
        if event["type"] == "result.stored":
            results.add(event["data"]["sop_instance_uid"])
        if event["type"].startswith("delivery."):
            assert event["data"]["sop_instance_uid"] in results


def test_the_instances_are_announced_with_their_counts(module_node: Node, stored: PhantomStudy) -> None:
    events = module_node.events(study_uid=stored.study_instance_uid)
    announced = [
        event["data"]
        for event in events
        if event["type"] == "instance.stored" and event["series_uid"] == stored.series_instance_uid
    ]
    assert sum(item["count"] for item in announced) == len(stored.files)
    assert announced[-1]["total"] == len(stored.files)
    assert all(item["source"] == "MODALITY1" for item in announced)


def test_the_log_holds_no_patient_data(module_node: Node, stored: PhantomStudy) -> None:
    header = dcmread(stored.files[0], stop_before_pixels=True)
    assert str(header.PatientName) not in module_node.log
    assert header.PatientName.family_name not in module_node.log
    assert header.PatientID not in module_node.log
