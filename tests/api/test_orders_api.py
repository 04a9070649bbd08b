"""Orders as HL7 messages: what they make of the worklist, and what is answered."""

from typing import Any

import httpx
import pytest

from access.permissions import Role
from tests.api.serving import Served

PATH = "/api/v1/worklist/orders"
HEAD = "MSH|^~\\&|RIS|HOSP|ISO|HOSP|20260701120000||{kind}|M1|P|2.5.1|||||| {charset}"
PID = "PID|1||P1^^^HOSP||Müller^Änne^Maria^Jr^Dr||19700101|F"


def orm(control: str = "NW", *, start: str = "202607060930", **changes: str) -> str:
    fields = {"modality": "CT", "station": "CT1", "pid": PID, "accession": "A1", **changes}
    obr = f"OBR|1|PL1|F1|CTC^CT \\T\\ chest^LOCAL{'|' * 14}{fields['accession']}|R1|S1|{fields['station']}|||"
    head = HEAD.format(kind="ORM^O01", charset="UNICODE UTF-8")
    orc = f"ORC|{control}|PL1|F1||||^^^{start}"
    return "\r".join((head, fields["pid"], orc, obr + fields["modality"], "ZDS|1.2.3^100^Application^DICOM"))


def omi(control: str, *steps: str) -> str:
    head = HEAD.format(kind="OMI^O23^OMI_O23", charset="8859/1")
    details = [f"IPC|A2|R2||{step}|CT|||| CT{step}" for step in steps]
    timing = "TQ1|1||||||202607061000"
    return "\r".join((head, PID, f"ORC|{control}|PL2", timing, "OBR|1|PL2||CTC^CT chest^LOCAL", *details))


def post(client: httpx.Client, message: str, encoding: str = "utf-8") -> Any:
    headers = {"Content-Type": "application/hl7-v2"}
    return client.post(PATH, content=message.encode(encoding), headers=headers)


def test_an_order_is_made_changed_and_canceled(any_node: Served) -> None:
    with any_node.as_role(Role.SERVICE) as client:
        answer = post(client, orm())
        assert answer.status_code == 200, answer.text
        (entry,) = answer.json()["created"]
        assert (entry["source"], entry["patient_name"]) == ("order", "Müller^Änne^Maria^Dr^Jr")
        assert (entry["study_uid"], entry["accession_number"]) == ("1.2.3", "A1")
        assert (entry["start_date"], entry["start_time"], entry["station_ae_titles"]) == ("20260706", "0930", ["CT1"])
        attributes = entry["attributes"]
        assert attributes["RequestedProcedureDescription"] == "CT & chest"
        assert attributes["IssuerOfPatientID"] == "HOSP"
        assert answer.json()["ack"].split("\r")[1] == "MSA|AA|M1"
        changed = post(client, orm("XO", start="202607071000")).json()["changed"]
        assert [(each["id"], each["start_date"]) for each in changed] == [(entry["id"], "20260707")]
        assert [each["id"] for each in post(client, orm("CA")).json()["canceled"]] == [entry["id"]]
        assert client.get("/api/v1/worklist").json()["items"] == []


def test_a_message_that_comes_again_makes_nothing_twice(node: Served) -> None:
    with node.as_role(Role.SERVICE) as client:
        for _ in range(2):
            assert post(client, orm()).status_code == 200
        assert len(client.get("/api/v1/worklist").json()["items"]) == 1


def test_the_steps_of_a_procedure_are_of_one_study_and_a_change_says_all_of_them(node: Served) -> None:
    with node.as_role(Role.SERVICE) as client:
        answer = post(client, omi("NW", "1", "2"), "latin-1")
        assert answer.status_code == 200, answer.text
        created = answer.json()["created"]
        assert [entry["station_ae_titles"] for entry in created] == [["CT1"], ["CT2"]]
        assert len({entry["study_uid"] for entry in created}) == 1
        assert created[0]["patient_name"] == "Müller^Änne^Maria^Dr^Jr"
        answer = post(client, omi("XO", "2"), "latin-1").json()
        assert [entry["id"] for entry in answer["changed"]] == [created[1]["id"]]
        assert [entry["id"] for entry in answer["canceled"]] == [created[0]["id"]]


@pytest.mark.parametrize(
    ("message", "where"),
    [
        (orm("ZZ"), "ORC-1"),
        (orm(modality=""), "OBR-24"),
        (orm(station=""), "OBR-21"),
        (orm(start=""), "TQ1-7"),
        (orm(start="20260706"), "ORC-7.4"),
        (orm(start="tomorrow"), "ORC-7.4"),
        (orm(accession="A" * 17), "OBR-18"),
        (orm(pid="PID|1||P1||"), "PID-5"),
        (orm(pid="PID|1||||Müller"), "PID-3"),
        (orm(pid="NTE|1"), "PID"),
        (orm().replace("ORM^O01", "ADT^A01"), "MSH-9"),
        (orm().replace("1.2.3^", "one^"), "ZDS-1"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_kept(shared_node: Served, message: str, where: str) -> None:
    with shared_node.as_role(Role.SERVICE) as client:
        answer = post(client, message)
        assert client.get("/api/v1/worklist", params={"source": "order"}).json()["items"] == []
    assert answer.status_code == 400, answer.text
    assert where in answer.json()["detail"]
    assert answer.json()["ack"].split("\r")[1].startswith("MSA|AE|M1|")
    assert "Müller" not in answer.text


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"", "MSH"),
        (b"MSH|^^^^|", "MSH-1"),
        (orm("CA").replace("F1", "F\0").encode(), "NUL"),
        (orm().encode("latin-1"), "MSH-18"),
        (orm().replace("UNICODE UTF-8", "ISO IR87").encode(), "MSH-18"),
        ((orm() + "\r" + orm()).encode(), "MSH"),
    ],
)
def test_what_is_no_message_is_refused(shared_node: Served, content: bytes, where: str) -> None:
    with shared_node.as_role(Role.SERVICE) as client:
        answer = client.post(PATH, content=content, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 400, answer.text
    assert where in answer.json()["detail"]


@pytest.mark.parametrize("charset", ["utf-16", "nonsense", "hex", "undefined"])
def test_a_character_set_that_is_not_the_messages_is_refused(shared_node: Served, charset: str) -> None:
    with shared_node.as_role(Role.SERVICE) as client:
        headers = {"Content-Type": f"text/plain; charset={charset}"}
        assert client.post(PATH, content=orm().encode(), headers=headers).status_code == 400


def test_other_types_long_messages_unknown_orders_and_readers_are_refused(shared_node: Served) -> None:
    with shared_node.as_role(Role.SERVICE) as client:
        assert client.post(PATH, json={}).status_code == 415
        assert post(client, orm() + "\rNTE|" + "x" * (1 << 18)).status_code == 413
        assert post(client, orm("CA")).status_code == 404
    with shared_node.as_role(Role.CLINICIAN) as client:
        assert post(client, orm()).status_code == 403
