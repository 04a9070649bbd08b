"""From the order to the completed series: worklist files and API, DCMTK's findscu, and a modality that reports MPPS."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage  # type: ignore[attr-defined]  # made at run time

from isocenter.demo.phantom import PhantomStudy
from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.dcmtk import Scu, missing_tools, run
from tests.acceptance.peers.node import Node
from tests.scp.procedures import MPPS, begun, ended
from tests.waiting import wait_until

SAMPLES = Path("/usr/share/doc/dcmtk/examples/wlistdb/OFFIS")
STEP = "ScheduledProcedureStepSequence[0]"


def order(study_uid: str, *, station: str = "CT1") -> dict[str, Any]:
    step = {
        "ScheduledStationAETitle": station,
        "ScheduledProcedureStepStartDate": "20260706",
        "ScheduledProcedureStepStartTime": "0930",
        "Modality": "CT",
        "ScheduledProcedureStepID": "S1",
    }
    patient = {"PatientName": "Müller^Änne", "PatientID": "P1", "AccessionNumber": "A1"}
    return {"attributes": {**patient, "StudyInstanceUID": study_uid, "ScheduledProcedureStepSequence": [step]}}


def post(node: Node, body: dict[str, Any]) -> None:
    with node.client() as client:
        answer = client.post("/api/v1/worklist", json=body)
    assert answer.status_code == 201, answer.text


def items(node: Node, path: str, **filters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = node.get(path, **filters)["items"]
    return found


def test_findscu_finds_dcmtks_own_worklist_files(start_node: Callable[..., Node], tmp_path: Path) -> None:
    if not SAMPLES.is_dir() or missing_tools("dump2dcm", "findscu"):
        pytest.skip("DCMTK's worklist samples or tools are not installed")
    node = start_node(aes=[MODALITY])
    dumps = sorted(SAMPLES.glob("wklist*.dump"))
    for dump in dumps:
        made = run("dump2dcm", str(dump), str(node.data_dir / "worklist" / f"{dump.stem}.wl"))
        assert made.returncode == 0, made.stderr
    wait_until(lambda: len(items(node, "/api/v1/worklist")) == len(dumps), what="the entries")
    scu, folder = Scu(node.dicom_port), tmp_path / "answers"
    wanted = ("PatientName", "PatientID", "StudyInstanceUID", f"{STEP}.Modality", f"{STEP}.ScheduledStationAETitle")
    found = scu.find(folder, *wanted, model="-W")
    assert {each.PatientID for each in found} == {each["patient_id"] for each in items(node, "/api/v1/worklist")}
    some = items(node, "/api/v1/worklist")[0]
    keys = (
        f"{STEP}.ScheduledStationAETitle={some['station_ae_titles'][0]}",
        f"PatientName={some['patient_name'][:3]}*",
    )
    narrowed = scu.find(folder, *wanted[1:4], *keys, model="-W")
    assert some["patient_id"] in {each.PatientID for each in narrowed}
    assert scu.find(folder, *wanted[:3], f"{STEP}.Modality=ZZ", model="-W") == []
    (node.data_dir / "worklist" / some["file"]).unlink()
    wait_until(lambda: len(scu.find(folder, *wanted, model="-W")) == len(dumps) - 1, what="the entry's end")


def test_a_modality_goes_from_the_worklist_to_the_completed_series(
    start_node: Callable[..., Node], chest_ct: PhantomStudy, tmp_path: Path
) -> None:
    # Longer than the test: only the modality's report can complete the series.
    node = start_node(aes=[MODALITY], analysis={"quiet_seconds": 600, "mock": {"delay_seconds": [0, 0]}})
    images = [dcmread(path) for path in chest_ct.files[:5]]
    study_uid, series_uid = str(images[0].StudyInstanceUID), str(images[0].SeriesInstanceUID)
    post(node, order(study_uid))
    (told,) = Scu(node.dicom_port).find(
        tmp_path, "PatientName", "StudyInstanceUID", f"{STEP}.ScheduledStationAETitle=CT1", model="-W"
    )
    assert (told.StudyInstanceUID, told.PatientName) == (study_uid, "Müller^Änne")
    uids = [str(image.SOPInstanceUID) for image in images]
    _examine(node, images, study_uid, ended("COMPLETED", *uids, series=series_uid))
    wait_until(lambda: _completed(node, study_uid), what="series.complete")
    (step,) = items(node, "/api/v1/procedure-steps", study_uid=study_uid)
    assert (step["state"], step["series"], step["instances"]) == ("COMPLETED", [series_uid], 5)
    assert items(node, "/api/v1/worklist")[0]["state"] == "COMPLETED"
    assert Scu(node.dicom_port).find(tmp_path, "PatientName", "StudyInstanceUID", model="-W") == []


def _examine(node: Node, images: Sequence[Dataset], study_uid: str, end: Dataset) -> None:
    """Do what a modality does, on one association that stays open over all of it."""
    ae = AE(ae_title="MODALITY1")
    ae.add_requested_context(CTImageStorage)
    ae.add_requested_context(MPPS)
    association = ae.associate("127.0.0.1", node.dicom_port, ae_title="ISOCENTER")
    assert association.is_established
    start = begun()
    start.ScheduledStepAttributesSequence[0].StudyInstanceUID = study_uid
    status, _ = association.send_n_create(start, MPPS, "1.2.826.0.1.3680043.8.498.9")
    assert status.Status == 0x0000
    for image in images:
        assert association.send_c_store(image).Status == 0x0000
    status, _ = association.send_n_set(end, MPPS, "1.2.826.0.1.3680043.8.498.9")
    assert status.Status == 0x0000
    association.release()


def _completed(node: Node, study_uid: str) -> bool:
    return any(event["type"] == "series.complete" for event in node.events(study_uid=study_uid))
