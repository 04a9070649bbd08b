"""Scheduling by the API, and the steps that modalities reported."""

from typing import Any

import pytest

from access.permissions import Role
from archive import audit, procedure_steps
from archive.attribute_lists import from_keywords
from tests.api.serving import Served

STEP = {
    "ScheduledStationAETitle": "CT1",
    "ScheduledProcedureStepStartDate": "20260706",
    "ScheduledProcedureStepStartTime": "0930",
    "Modality": "CT",
}


def order(**changes: Any) -> dict[str, Any]:
    step = {**STEP, **changes.pop("step", {})}
    attributes = {"PatientName": "Müller^Änne", "PatientID": "P1", "ScheduledProcedureStepSequence": [step], **changes}
    return {"attributes": attributes}


def test_an_entry_is_made_read_changed_and_removed(any_node: Served) -> None:
    with any_node.as_role(Role.SERVICE) as client:
        made = client.post("/api/v1/worklist", json=order(AccessionNumber="A1"))
        assert made.status_code == 201
        entry = made.json()
        assert (entry["state"], entry["source"], entry["patient_name"]) == ("SCHEDULED", "api", "Müller^Änne")
        assert entry["attributes"]["RequestedProcedureID"] == "A1"
        path = f"/api/v1/worklist/{entry['id']}"
        assert client.get(path).json() == entry
        changed = client.put(path, json=order(AccessionNumber="A1", step={"ScheduledStationAETitle": ["CT1", "CT2"]}))
        assert changed.status_code == 200
        assert changed.json()["station_ae_titles"] == ["CT1", "CT2"]
        assert changed.json()["study_uid"] == entry["study_uid"]
        step, old = changed.json()["attributes"], entry["attributes"]
        assert (
            step["ScheduledProcedureStepSequence"][0]["ScheduledProcedureStepID"]
            == old["ScheduledProcedureStepSequence"][0]["ScheduledProcedureStepID"]
        )
        assert client.delete(path).status_code == 204
        assert client.get(path).status_code == 404
    actions = [record["action"] for record in any_node.database.read(audit.listing, "default").items]
    assert [action for action in actions if action.startswith("worklist")] == [
        "worklist.deleted",
        "worklist.changed",
        "worklist.created",
    ]


def test_entries_are_listed_newest_first_and_filtered(node: Served) -> None:
    with node.as_admin() as client:
        for patient in ("P1", "P2"):
            client.post("/api/v1/worklist", json=order(PatientID=patient))
        items = client.get("/api/v1/worklist").json()["items"]
        assert [item["patient_id"] for item in items] == ["P2", "P1"]
        found = client.get("/api/v1/worklist", params={"patient_id": "P1", "state": "SCHEDULED"}).json()["items"]
        assert [item["patient_id"] for item in found] == ["P1"]
        assert client.get("/api/v1/worklist", params={"colour": "red"}).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        order(PatientID=""),
        order(StudyInstanceUID="not a uid"),
        order(ScheduledProcedureStepSequence=[]),
        order(ScheduledProcedureStepSequence="CT1"),
        order(step={"ScheduledProcedureStepStartDate": "tomorrow"}),
        order(step={"ScheduledProcedureStepStartTime": "2500"}),
        order(Colour="red"),
        order(PatientName={"Alphabetic": "Müller"}),
        order(PixelData="AAAA"),
    ],
)
def test_what_modalities_could_not_be_told_is_refused(shared_node: Served, body: dict[str, Any]) -> None:
    with shared_node.as_admin() as client:
        answer = client.post("/api/v1/worklist", json=body)
    assert answer.status_code == 400, answer.text
    assert "Müller" not in answer.text


def test_entries_that_do_not_exist_are_not_found(shared_node: Served) -> None:
    with shared_node.as_admin() as client:
        for entry_id in ("999", "nothing"):
            assert client.get(f"/api/v1/worklist/{entry_id}").status_code == 404
            assert client.put(f"/api/v1/worklist/{entry_id}", json=order()).status_code == 404
            assert client.delete(f"/api/v1/worklist/{entry_id}").status_code == 404


def test_procedure_steps_are_listed(node: Served) -> None:
    attributes = {
        "ScheduledStepAttributesSequence": [{"StudyInstanceUID": "1.2.3"}],
        "PerformedProcedureStepID": "1",
        "PerformedStationAETitle": "CT1",
        "PerformedProcedureStepStartDate": "20260706",
        "PerformedProcedureStepStartTime": "0930",
        "PerformedProcedureStepStatus": "IN PROGRESS",
        "Modality": "CT",
    }
    node.database.write(
        procedure_steps.create, "default", "1.2.9", from_keywords(attributes), calling_ae_title="CT1", now=1.0
    )
    with node.as_role(Role.CLINICIAN) as client:
        items = client.get("/api/v1/procedure-steps", params={"state": "IN PROGRESS"}).json()["items"]
        assert [(item["sop_instance_uid"], item["station_ae_title"]) for item in items] == [("1.2.9", "CT1")]
        assert client.get("/api/v1/procedure-steps", params={"state": "COMPLETED"}).json()["items"] == []
