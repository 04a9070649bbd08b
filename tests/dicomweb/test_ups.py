"""UPS-RS by the rules of PS3.18 Section 11."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from archive.attribute_lists import from_keywords
from dicomweb.attribute_json import to_json
from dicomweb.ups_search import Asked, Shown
from tests.archive.node_rows import SERIES, STUDY, settled_series
from tests.archive.workitem_data import performed, scheduled
from tests.dicomweb.worklist import JSON, LOCK, STATE, UID, Service, create, finish, move, put, serving


@pytest.fixture
def ups(sqlite_url: str, tmp_path: Path) -> Iterator[Service]:
    with serving(sqlite_url, tmp_path) as service:
        yield service


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
    ("wanted", "lock", "words"),
    [
        ("COMPLETED", "", "The Transaction UID is missing."),
        ("COMPLETED", "1.2.3", "The Transaction UID is incorrect."),
        ("COMPLETED", LOCK, "The submitted request is inconsistent with the state of the UPS Instance."),
        ("IN PROGRESS", LOCK, "The submitted request is inconsistent with the state of the UPS Instance."),
    ],
)
def test_11_7_3_2_a_refused_change_of_state_is_told_by_the_words_of_the_standard(
    ups: Service, wanted: str, lock: str, words: str
) -> None:
    create(ups)
    move(ups, "IN PROGRESS")
    warning = move(ups, wanted, lock).headers["warning"]
    service = f"http://127.0.0.1:{ups.port}/dicom-web"
    assert warning.startswith(f'299 {service} "{words}", 299 {service} "The ')


@pytest.mark.parametrize(
    "others",
    [
        {"00091001": {"vr": "LO", "Value": ["private"]}},
        {"00420011": {"vr": "OB", "InlineBinary": "AAAA"}},
        {"00404018": {"vr": "SQ", "Value": [{}, None, {"0009100A": {"vr": "LO", "Value": ["private"]}}]}},
    ],
)
def test_11_6_3_2_what_is_not_kept_of_a_data_set_is_told(ups: Service, others: dict[str, Any]) -> None:
    document = [{**to_json(from_keywords(scheduled())), "00100020": {"vr": "LO", "Value": ["P1"]}, **others}]
    made = ups.http.post(f"/workitems?workitem={UID}", content=json.dumps(document), headers=JSON)
    assert made.status_code == 201
    assert '"The Workitem was created with modifications."' in made.headers["warning"]
    changed = ups.http.post(f"/workitems/{UID}", content=json.dumps([others]), headers=JSON)
    assert changed.status_code == 200
    assert '"Requested optional Attributes are not supported."' in changed.headers["warning"]
    assert "warning" not in put(ups, {"ProcedureStepLabel": "X"}).headers
    assert "warning" not in create(ups, "1.2.3.1").headers


def test_11_6_3_2_a_refused_update_is_told_by_the_words_of_the_standard(ups: Service) -> None:
    create(ups)
    label = {"ProcedureStepLabel": "X"}
    for unclaimed in (put(ups, label, LOCK), put(ups, label, uid="1.2.404")):
        assert '"The target URI did not reference a claimed Workitem."' in unclaimed.headers["warning"]
    move(ups, "IN PROGRESS")
    refused = put(ups, label, "1.2.3").headers["warning"]
    assert '"The submitted request is inconsistent with the current state of the Workitem."' in refused


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


def test_11_1_3_a_workitem_is_given_in_every_form_that_is_required(ups: Service) -> None:
    create(ups)
    multipart = 'multipart/related; type="application/dicom+xml"'
    for accept, given in (
        ("application/dicom+json", "application/dicom+json"),
        (multipart, multipart),
        ("application/dicom+xml", "application/dicom+xml"),
        (f"text/html, {multipart};q=0.1", multipart),
        ("*/*", "application/dicom+json"),
    ):
        answer = ups.http.get(f"/workitems/{UID}", headers={"Accept": accept})
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
        assert answer.headers["content-type"].startswith(given)
        assert UID in answer.text
    assert ups.http.get(f"/workitems/{UID}", headers={"Accept": "text/html"}).status_code == 406


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


def test_a_compressed_body_is_415(ups: Service) -> None:
    """RFC 9110 Section 8.4: a content coding that is not taken."""
    body, headers = gzip.compress(b"[{}]"), {**JSON, "Content-Encoding": "gzip"}
    assert ups.http.post("/workitems", content=body, headers=headers).status_code == 415


def test_8_3_4_a_search_says_all_that_it_did_otherwise(ups: Service) -> None:
    create(ups)
    create(ups, "1.2.3.1")
    warning = ups.send("GET", "", fuzzymatching="true", limit="1").headers["warning"]
    assert "There are additional results that can be requested." in warning
    assert "The fuzzymatching parameter is not supported." in warning
    assert "warning" not in ups.send("GET", "").headers


def test_what_is_before_the_offset_is_not_kept_in_memory() -> None:
    shown = Shown(Asked(offset=3, limit=2))
    kept = []
    for page in ([{"a": [1]}, {"a": [2]}], [{"a": [3]}, {"a": [4]}], [], [{"a": [5]}, {"a": [6]}, {"a": [7]}]):
        shown.add(page)
        kept.append((len(shown.entries), shown.more))
    assert kept == [(0, False), (1, False), (1, False), (2, True)]
    assert shown.entries == [{"a": [4]}, {"a": [5]}]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/dicom+json", 204),
        ('multipart/related; type="application/dicom+xml"', 204),
        ("application/json", 200),
        ("*/*", 200),
    ],
)
def test_11_9_3_no_matches_are_204_for_who_knows_that(ups: Service, accept: str, status: int) -> None:
    answer = ups.http.get("/workitems", headers={"Accept": accept})
    assert (answer.status_code, answer.content) == (status, b"" if status == 204 else b"[]")


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
