"""UPS-RS by the rules of PS3.18 Section 11."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from websockets.sync.client import ClientConnection

from archive.attribute_lists import from_keywords
from tests.archive.node_rows import SERIES, STUDY, settled_series
from tests.archive.workitem_data import performed, scheduled
from tests.dicomweb.worklist import JSON, STATE, Service, serving

UID, LOCK = "1.2.826.0.1.3680043.8.498.41", "1.2.826.0.1.3680043.8.498.42"
GLOBAL, FILTERED = "1.2.840.10008.5.1.4.34.5", "1.2.840.10008.5.1.4.34.5.1"


@pytest.fixture
def ups(sqlite_url: str, tmp_path: Path) -> Iterator[Service]:
    with serving(sqlite_url, tmp_path) as service:
        yield service


def create(ups: Service, uid: str = UID, **changes: Any) -> Any:
    return ups.send("POST", "", from_keywords(scheduled(**changes)), workitem=uid)


def move(ups: Service, state: str, lock: str = LOCK, uid: str = UID) -> Any:
    action = {"ProcedureStepState": state, **({"TransactionUID": lock} if lock else {})}
    return ups.send("PUT", f"/{uid}/state", from_keywords(action))


def put(ups: Service, attributes: dict[str, Any], lock: str = "", uid: str = UID) -> Any:
    return ups.send("POST", f"/{uid}", from_keywords(attributes), **({"transaction": lock} if lock else {}))


def finish(ups: Service, state: str = "COMPLETED") -> None:
    move(ups, "IN PROGRESS")
    assert put(ups, performed(), LOCK).status_code == 200
    assert move(ups, state).status_code == 200


def test_an_engine_finds_claims_updates_and_completes_a_workitem(ups: Service) -> None:
    answer = create(ups)
    assert answer.status_code == 201
    assert answer.headers["location"].endswith(f"/dicom-web/workitems/{UID}")
    (found,) = ups.send("GET", "", ProcedureStepState="SCHEDULED", WorklistLabel="AI").json()
    assert found["00080018"]["Value"] == [UID]
    assert found["00100010"]["Value"] == [{"Alphabetic": "Müller^Änne"}]
    assert move(ups, "IN PROGRESS").status_code == 200
    assert ups.send("GET", "", ProcedureStepState="SCHEDULED").json() == []
    progress = {"ProcedureStepProgressInformationSequence": [{"ProcedureStepProgress": 50}]}
    assert put(ups, progress, LOCK).status_code == 200
    assert put(ups, performed(), LOCK).status_code == 200
    assert move(ups, "COMPLETED").status_code == 200
    shown = ups.shown(UID)
    assert shown[STATE]["Value"] == ["COMPLETED"]
    assert shown["00741002"]["Value"][0]["00741004"] == {"vr": "DS", "Value": [50]}
    assert "00081195" not in shown


@pytest.mark.parametrize(
    ("query", "body"),
    [(f"?workitem={UID}", True), (f"?{UID}", True), (f"?AffectedSOPInstanceUID={UID}", True), ("", True)],
)
def test_a_workitem_is_named_in_the_query_or_in_the_data_set(ups: Service, query: str, body: bool) -> None:
    """Section 11.4.1, and the forms of earlier editions."""
    attributes = scheduled(**({"SOPInstanceUID": UID} if body and not query else {}))
    document = [{name: _element(name, row) for name, row in from_keywords(attributes).items()}]
    answer = ups.http.post(f"/workitems{query}", content=json.dumps(document), headers=JSON)
    assert answer.status_code == 201
    assert answer.headers["location"].endswith(UID)


def _element(name: str, row: list[Any]) -> dict[str, Any]:
    if row and isinstance(row[0], dict):
        return {"vr": "SQ", "Value": [{key: _element(key, each) for key, each in item.items()} for item in row]}
    return {"vr": "PN", "Value": [{"Alphabetic": row[0]}]} if name == "00100010" else {"vr": "LO", "Value": row}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        # Table 11.4.3-1.
        ({"ProcedureStepLabel": None}, 400),
        ({"ProcedureStepState": "IN PROGRESS"}, 400),
        ({"TransactionUID": LOCK}, 400),
        ({"InputReadinessState": "PERHAPS"}, 400),
        ({"WorklistLabel": None}, 201),
    ],
)
def test_a_creation_is_judged_by_the_table_of_attributes(ups: Service, changes: dict[str, Any], status: int) -> None:
    answer = create(ups, **changes)
    assert answer.status_code == status
    assert answer.headers["warning"].startswith("299 ")


def test_a_second_instance_of_the_same_uid_is_a_conflict(ups: Service) -> None:
    create(ups)
    assert create(ups).status_code == 409
    assert create(ups, "no-uid").status_code == 400


@pytest.mark.parametrize(
    ("wanted", "lock", "status", "warning"),
    [
        # Table 11.7.3-1, of a workitem that is IN PROGRESS.
        ("IN PROGRESS", LOCK, 409, "The UPS is already IN PROGRESS."),
        ("IN PROGRESS", "", 400, "The correct Transaction UID was not provided."),
        ("COMPLETED", "1.2.3", 400, "The correct Transaction UID was not provided."),
        ("COMPLETED", LOCK, 409, "The UPS has not met final state requirements"),
        ("SCHEDULED", LOCK, 400, "The UPS may only become SCHEDULED via N-CREATE"),
        ("PAUSED", LOCK, 400, ""),
        ("CANCELED", LOCK, 200, None),
    ],
)
def test_a_state_changes_as_the_table_says(
    ups: Service, wanted: str, lock: str, status: int, warning: str | None
) -> None:
    create(ups)
    assert move(ups, "IN PROGRESS").status_code == 200
    answer = move(ups, wanted, lock)
    assert answer.status_code == status
    assert (warning or "") in answer.headers.get("warning", "")


def test_an_end_that_is_repeated_is_a_success_with_a_warning(ups: Service) -> None:
    """Section 11.7.3.2."""
    create(ups)
    finish(ups)
    again = move(ups, "COMPLETED")
    assert again.status_code == 200
    assert "already in the requested state of COMPLETED" in again.headers["warning"]
    assert move(ups, "CANCELED").status_code == 409


@pytest.mark.parametrize(
    ("present", "lock", "status"),
    [
        # Section 11.6 and Table 11.6.3-1.
        ("SCHEDULED", "", 200),
        ("SCHEDULED", LOCK, 409),
        ("IN PROGRESS", LOCK, 200),
        ("IN PROGRESS", "", 400),
        ("IN PROGRESS", "1.2.3", 400),
        ("COMPLETED", LOCK, 400),
    ],
)
def test_an_update_depends_on_state_and_lock(ups: Service, present: str, lock: str, status: int) -> None:
    create(ups)
    if present == "COMPLETED":
        finish(ups)
    elif present == "IN PROGRESS":
        move(ups, present)
    assert put(ups, {"ProcedureStepLabel": "X"}, lock).status_code == status


def test_what_is_not_there_is_not_found(ups: Service) -> None:
    assert ups.send("GET", "/1.2.404").status_code == 404
    assert put(ups, {"ProcedureStepLabel": "X"}, uid="1.2.404").status_code == 404
    assert move(ups, "IN PROGRESS", uid="1.2.404").status_code == 404
    assert ups.send("POST", "/1.2.404/cancelrequest").status_code == 404
    assert ups.send("POST", "/1.2.404/subscribers/ENGINE").status_code == 404
    assert ups.send("DELETE", "/1.2.404/subscribers/ENGINE").status_code == 404


def test_cancellation_is_asked_for(ups: Service) -> None:
    """Table 11.8.3-1 and Section 11.8.3.2."""
    create(ups)
    why = from_keywords({"ReasonForCancellation": "not needed"})
    assert ups.send("POST", f"/{UID}/cancelrequest", why).status_code == 202
    assert ups.shown(UID)[STATE]["Value"] == ["CANCELED"]
    again = ups.send("POST", f"/{UID}/cancelrequest")
    assert again.status_code == 202
    assert "already in the requested state of CANCELED" in again.headers["warning"]
    create(ups, "1.2.3.1")
    move(ups, "IN PROGRESS", uid="1.2.3.1")
    nobody = ups.send("POST", "/1.2.3.1/cancelrequest")
    assert nobody.status_code == 409
    assert "The performer cannot be contacted." in nobody.headers["warning"]


def test_a_completed_workitem_cannot_be_canceled(ups: Service) -> None:
    create(ups)
    finish(ups)
    answer = ups.send("POST", f"/{UID}/cancelrequest")
    assert answer.status_code == 409
    assert "The UPS is already COMPLETED." in answer.headers["warning"]


def test_searches_take_keywords_tags_paths_limit_and_offset(ups: Service) -> None:
    """Section 11.9.1.2."""
    for number in range(3):
        create(ups, f"1.2.3.{number}", ScheduledProcedureStepStartDateTime=f"2026070{number + 1}0930")
    params = {"00741000": "SCHEDULED", "ScheduledWorkitemCodeSequence.CodeValue": "110004"}
    first = ups.send("GET", "", **params, limit="2")
    assert [each["00080018"]["Value"][0] for each in first.json()] == ["1.2.3.0", "1.2.3.1"]
    assert first.headers["warning"].startswith("299 ")
    rest = ups.send("GET", "", **params, limit="2", offset="2")
    assert [each["00080018"]["Value"][0] for each in rest.json()] == ["1.2.3.2"]
    assert "warning" not in rest.headers
    ranged = ups.send("GET", "", ScheduledProcedureStepStartDateTime="20260702-20260703")
    assert len(ranged.json()) == 2
    fuzzy = ups.send("GET", "", PatientName="müller*", fuzzymatching="true")
    assert len(fuzzy.json()) == 3
    assert "literal matching" in fuzzy.headers["warning"]


@pytest.mark.parametrize(
    "params",
    [
        {"Nonsense": "1"},
        {"limit": "-1"},
        {"fuzzymatching": "perhaps"},
        {"ReferencedRequestSequence": "1"},
        {"PatientName.PatientID": "1"},
    ],
)
def test_a_parameter_that_is_wrong_is_named(ups: Service, params: dict[str, str]) -> None:
    answer = ups.send("GET", "", **params)
    assert answer.status_code == 400
    assert next(iter(params)) in answer.json()["detail"]


def test_workitems_are_answered_as_xml_too(ups: Service) -> None:
    create(ups)
    answer = ups.http.get(f"/workitems/{UID}", headers={"Accept": "application/dicom+xml"})
    assert answer.headers["content-type"].startswith("application/dicom+xml")
    root = ET.fromstring(answer.text)  # noqa: S314 - made here
    states = [each for each in root if each.get("tag") == STATE]
    assert "".join(states[0].itertext()).strip() == "SCHEDULED"
    assert ups.http.get(f"/workitems/{UID}", headers={"Accept": "image/png"}).status_code == 406


def test_workitems_are_taken_as_xml_too(ups: Service) -> None:
    create(ups)
    answer = ups.http.get(f"/workitems/{UID}", headers={"Accept": "application/dicom+xml"})
    again = answer.text.replace(UID, "1.2.3.5")
    made = ups.http.post("/workitems", content=again.encode(), headers={"Content-Type": "application/dicom+xml"})
    assert made.status_code == 201
    found, copy = ups.shown(UID), ups.shown("1.2.3.5")
    assert copy["00100010"] == found["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "Müller^Änne"}]}
    different = {name for name in found.keys() | copy.keys() if found.get(name) != copy.get(name)}
    assert different <= {"00080018", "00404010"}


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        ("{", "application/dicom+json", 400),
        ("[]", "application/dicom+json", 400),
        ('[{"PatientName": 1}]', "application/dicom+json", 400),
        ('{"00741000": {"vr": "CS", "Value": "SCHEDULED"}}', "application/dicom+json", 400),
        ('{"00741000": {"vr": "CS", "Value": [true]}}', "application/dicom+json", 400),
        ("<x/>", "application/dicom+xml", 400),
        ("<NativeDicomModel", "application/dicom+xml", 400),
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]><NativeDicomModel/>', "application/dicom+xml", 400),
        ("<a>" * 64 + "</a>" * 64, "application/dicom+xml", 400),
        ("hello", "text/plain", 415),
    ],
)
def test_a_body_that_is_no_data_set_is_refused(ups: Service, content: str, content_type: str, status: int) -> None:
    answer = ups.http.post("/workitems", content=content, headers={"Content-Type": content_type})
    assert answer.status_code == status


def told(channel: ClientConnection) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(channel.recv(timeout=10))
    return report


def state_of(report: dict[str, Any]) -> tuple[str, str]:
    return report["00001000"]["Value"][0], report[STATE]["Value"][0]


def test_a_subscriber_is_told_over_its_websocket(ups: Service) -> None:
    """Sections 11.10 and 11.13."""
    create(ups)
    with ups.channel("ENGINE") as channel:
        answer = ups.send("POST", f"/{UID}/subscribers/ENGINE", deletionlock="true")
        assert answer.status_code == 201
        assert answer.headers["content-location"] == f"ws://127.0.0.1:{ups.port}/dicom-web/subscribers/ENGINE"
        first = told(channel)
        assert state_of(first) == (UID, "SCHEDULED")
        assert first["00000002"]["Value"] == ["1.2.840.10008.5.1.4.34.6.4"]
        assert first["00001002"]["Value"] == [1]
        assert first["00404041"]["Value"] == ["READY"]
        move(ups, "IN PROGRESS")
        assert state_of(told(channel)) == (UID, "IN PROGRESS")
        assert ups.send("POST", f"/{UID}/cancelrequest").status_code == 202
        assert told(channel)["00001002"]["Value"] == [2]
        assert ups.send("DELETE", f"/{UID}/subscribers/ENGINE").status_code == 200
        put(ups, performed(), LOCK)
        move(ups, "COMPLETED")
        with pytest.raises(TimeoutError):
            channel.recv(timeout=1)


def test_a_connection_that_is_opened_again_gets_what_was_missed(ups: Service) -> None:
    ups.send("POST", f"/{GLOBAL}/subscribers/ENGINE")
    with ups.channel("ENGINE") as channel:
        create(ups)
        assert state_of(told(channel)) == (UID, "SCHEDULED")
    move(ups, "IN PROGRESS")
    with ups.channel("ENGINE") as channel:
        missed = [told(channel)]
        while state_of(missed[-1]) != (UID, "IN PROGRESS"):
            missed.append(told(channel))
    with ups.channel("OTHER") as other, pytest.raises(TimeoutError):
        other.recv(timeout=0.6)


@pytest.mark.parametrize("params", [{"filter": "WorklistLabel=AI,PatientID=P1"}, {"WorklistLabel": "AI"}])
def test_a_filtered_subscription_is_to_what_matches(ups: Service, params: dict[str, str]) -> None:
    """Section 11.10.1.2.2, and the form of earlier editions."""
    assert ups.send("POST", f"/{FILTERED}/subscribers/ENGINE", **params).status_code == 201
    create(ups, "1.2.3.1", WorklistLabel="3D")
    create(ups)
    with ups.channel("ENGINE") as channel:
        assert state_of(told(channel)) == (UID, "SCHEDULED")
        assert ups.send("POST", f"/{FILTERED}/subscribers/ENGINE/suspend").status_code == 200
        create(ups, "1.2.3.2")
        move(ups, "IN PROGRESS")
        assert state_of(told(channel)) == (UID, "IN PROGRESS")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/{UID}/subscribers/ENGINE/suspend", 400),
        (f"/{FILTERED}/subscribers/ENGINE", 400),
        (f"/{FILTERED}/subscribers/ENGINE?filter=Nonsense=1", 400),
        (f"/{UID}/subscribers/ENGINE?deletionlock=perhaps", 400),
        (f"/{GLOBAL}/subscribers/ENGINE/suspend", 200),
    ],
)
def test_what_is_wrong_with_a_subscription_is_told(ups: Service, path: str, status: int) -> None:
    create(ups)
    assert ups.http.post(f"/workitems{path}").status_code == status


def test_a_lock_on_what_has_ended_is_not_granted(ups: Service) -> None:
    create(ups)
    finish(ups)
    answer = ups.send("POST", f"/{UID}/subscribers/ENGINE", deletionlock="true")
    assert answer.status_code == 201
    assert "Deletion Lock not granted" in answer.headers["warning"]


def test_a_step_of_this_nodes_own_is_neither_claimed_nor_changed_by_others(ups: Service) -> None:
    settled_series(ups.database, "lungs")
    (found,) = ups.send("GET", "", includefield="InputInformationSequence").json()
    (images,) = found["00404021"]["Value"]
    (web,) = images["0040E025"]["Value"]
    assert web["00081190"]["Value"] == [f"http://127.0.0.1:{ups.port}/dicom-web/studies/{STUDY}/series/{SERIES}"]
    assert len(images["00081199"]["Value"]) == 1
    (short,) = ups.send("GET", "").json()
    assert "Value" not in short["00404021"]["Value"][0]["00081199"]
    uid = found["00080018"]["Value"][0]
    assert move(ups, "IN PROGRESS", uid=uid).status_code == 403
    assert put(ups, {"ProcedureStepLabel": "X"}, uid=uid).status_code == 403
    assert ups.send("POST", f"/{uid}/cancelrequest").status_code == 202
    assert ups.shown(uid)[STATE]["Value"] == ["CANCELED"]
