"""Results: listed, accepted by a person with a new verified report, rejected."""

import concurrent.futures
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import Comprehensive3DSRStorage, ExplicitVRLittleEndian

from access.permissions import Role
from archive import results, retrieve
from archive.errors import StorageFull
from archive.ingest import Archive, SpoolFile
from archive.origin import Origin, OriginKind
from archive.part10 import Part10Spool
from archive.results import NewResult
from tests.api.serving import PASSWORD, Served, add_user, serving
from tests.archive.objects import SERIES, STUDY, ct_slice

_REPORT = "2.25.4711"
_REPORT_SERIES = "2.25.4712"
_SEGMENTATION = "2.25.4713"


def _report() -> Dataset:
    report = ct_slice(1, Rows=None, Columns=None, PixelData=None)
    report.SOPClassUID, report.SOPInstanceUID, report.SeriesInstanceUID = (
        Comprehensive3DSRStorage,
        _REPORT,
        _REPORT_SERIES,
    )
    report.Modality, report.SeriesNumber = "SR", 9000
    report.ContentDate, report.ContentTime = "20260102", "101112"
    report.CompletionFlag, report.VerificationFlag, report.PreliminaryFlag = "COMPLETE", "UNVERIFIED", "PRELIMINARY"
    return report


def _keep(archive: Archive, data_set: Dataset) -> None:
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    target = io.BytesIO()
    data_set.save_as(target, enforce_file_format=True)
    spool = Part10Spool(archive)
    spool.write(target.getvalue())
    archive.receive(spool.finish(), Origin(kind=OriginKind.ANALYSIS))


def _new(uid: str, sop_class: str, modality: str) -> NewResult:
    return NewResult(
        job_id=7,
        study_uid=STUDY,
        series_uid=_REPORT_SERIES,
        analyzed_series_uid=SERIES,
        sop_instance_uid=uid,
        sop_class_uid=sop_class,
        modality=modality,
        analyzer="mock-ct-chest",
        version="1.0",
    )


def _record(node: Served) -> list[str]:
    """Keep a report and a segmentation of one run; return their ids."""
    segmentation = ct_slice(2, SOPInstanceUID=_SEGMENTATION, SeriesInstanceUID="2.25.4714", Modality="SEG")
    _keep(node.archive, _report())
    _keep(node.archive, segmentation)
    made = [_new(_REPORT, Comprehensive3DSRStorage, "SR"), _new(_SEGMENTATION, segmentation.SOPClassUID, "SEG")]
    return [str(each) for each in node.database.write(results.record, "default", made, now=time.time())]


def _stored(node: Served, sop_uid: str) -> pydicom.Dataset:
    (found,) = node.database.read(retrieve.instances, "default", sop_uids=[sop_uid])
    return pydicom.dcmread(node.archive.blobs.path(found.key))


@pytest.fixture
def delivered() -> list[str]:
    return []


@pytest.fixture
def deciding_node(database_url: str, tmp_path: Path, delivered: list[str]) -> Iterator[Served]:
    def deliver(_connection: Any, _tenant: str, new: NewResult) -> None:
        delivered.append(new.sop_instance_uid)

    with serving(database_url, tmp_path, deliver=deliver) as node:
        add_user(node.database, "ada")
        yield node


def _ada(node: Served) -> httpx.Client:
    return httpx.Client(base_url=node.url, auth=("ada", PASSWORD), timeout=30)


def test_accepting_a_report_makes_a_new_verified_one(deciding_node: Served, delivered: list[str]) -> None:
    report, _ = _record(deciding_node)
    with _ada(deciding_node) as ada:
        answer = ada.post(f"/api/v1/results/{report}/accept", json={"comment": "I agree"})
        assert answer.status_code == 200
        new = answer.json()
        states = {item["id"]: item["state"] for item in ada.get("/api/v1/results?state=all").json()["items"]}
        messages = ada.get("/api/v1/events").json()["items"]
        assert ada.post(f"/api/v1/results/{report}/accept", json={}).status_code == 409
    assert (new["state"], new["predecessor_uid"], new["modality"]) == ("accepted", _REPORT, "SR")
    assert (states[report], states[new["id"]]) == ("superseded", "accepted")
    verified = _stored(deciding_node, new["sop_instance_uid"])
    assert (verified.VerificationFlag, verified.PreliminaryFlag) == ("VERIFIED", "FINAL")
    assert verified.VerifyingObserverSequence[0].VerifyingObserverName == "Dr. Ada"
    reference = verified.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert reference.ReferencedSOPInstanceUID == _REPORT
    assert delivered == [new["sop_instance_uid"]]
    kinds = [message["type"] for message in messages]
    assert kinds.index("result.accepted") < kinds.index("result.superseded")


def test_a_report_that_the_disk_does_not_take_is_not_accepted_and_leaves_no_file(
    deciding_node: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_spool: SpoolFile, _content: bytes) -> None:
        raise StorageFull

    report, _ = _record(deciding_node)
    with _ada(deciding_node) as ada:
        with monkeypatch.context() as patch:
            patch.setattr(SpoolFile, "write", refuse)
            assert ada.post(f"/api/v1/results/{report}/accept", json={}).status_code == 507
        assert list(deciding_node.archive.blobs.spool_folder.rglob("*.part")) == []
        assert ada.post(f"/api/v1/results/{report}/accept", json={}).status_code == 200


def test_of_two_people_who_accept_at_once_one_does(deciding_node: Served) -> None:
    report, _ = _record(deciding_node)
    with _ada(deciding_node) as ada, concurrent.futures.ThreadPoolExecutor() as threads:
        asked = [threads.submit(ada.post, f"/api/v1/results/{report}/accept", json={}) for _ in range(3)]
        assert sorted(each.result().status_code for each in asked) == [200, 409, 409]
    found = deciding_node.database.read(retrieve.instances, "default", study_uids=[STUDY])
    assert len(found) == 3


def test_rejecting_a_report_hides_its_run_from_everybody_but_administrators(deciding_node: Served) -> None:
    report, segmentation = _record(deciding_node)
    with _ada(deciding_node) as ada, deciding_node.as_admin() as admin:
        answer = ada.post(f"/api/v1/results/{report}/reject", json={"reason": "artefact"})
        assert (answer.status_code, answer.json()["state"]) == (200, "rejected")
        assert ada.get("/api/v1/results").json()["items"] == []
        rejected = ada.get("/api/v1/results?state=rejected").json()["items"]
        assert {item["id"] for item in rejected} == {report, segmentation}
        assert ada.get(f"/api/v1/results/{report}/object").status_code == 403
        kept = admin.get(f"/api/v1/results/{report}/object")
        records = admin.get("/api/v1/audit?action=result.rejected").json()["items"]
    assert pydicom.dcmread(io.BytesIO(kept.content)).SOPInstanceUID == _REPORT
    assert deciding_node.database.read(retrieve.instances, "default", study_uids=[STUDY]) == []
    assert [record["principal"] for record in records] == ["ada"]


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": " "}, {"reason": "x", "other": 1}])
def test_rejecting_needs_a_reason(node: Served, body: dict[str, Any]) -> None:
    report, _ = _record(node)
    with node.as_role(Role.CLINICIAN) as client:
        assert client.post(f"/api/v1/results/{report}/reject", json=body).status_code == 422


def test_only_reports_are_accepted(node: Served) -> None:
    _, segmentation = _record(node)
    with node.as_role(Role.CLINICIAN) as client:
        assert client.post(f"/api/v1/results/{segmentation}/accept").status_code == 409
        assert client.post("/api/v1/results/999/accept").status_code == 404


def test_results_are_filtered_by_the_names_of_their_fields(node: Served) -> None:
    report, _ = _record(node)
    with node.as_role(Role.SERVICE) as client:
        listed = client.get("/api/v1/results", params={"study_uid": STUDY, "modality": "SR"}).json()["items"]
        assert [item["id"] for item in listed] == [report]
        assert client.get("/api/v1/results", params={"study_uid": "1.2"}).json()["items"] == []
        assert client.get(f"/api/v1/results/{report}").json() == listed[0]
        assert client.post(f"/api/v1/results/{report}/accept").status_code == 403
