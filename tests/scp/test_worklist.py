"""The modality worklist, asked by pynetdicom's SCU."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydicom import Dataset
from pynetdicom.association import Association

from routing import dimse
from routing.dimse import CommandField
from routing.pdu import p_data
from scp.elements import Element, write
from scp.worklist import Worklist
from tests.scp.procedures import STUDY, WORKLIST, associate, entry, query, schedule
from tests.scp.running import Node
from tests.scp.wire import EXPLICIT, Wire


@pytest.fixture
def scu(node: Node) -> Iterator[Association]:
    association = associate(node, WORKLIST)
    yield association
    association.release()


def ask(scu: Association, identifier: Dataset) -> tuple[list[Dataset], list[int]]:
    # pynetdicom's own loop may take an answer that comes within its millisecond: let it stop before anything is sent.
    scu._reactor_checkpoint.clear()
    time.sleep(0.02)
    answers = list(scu.send_c_find(identifier, WORKLIST))
    return [found for _, found in answers if found is not None], [status.Status for status, _ in answers]


def names(scu: Association, identifier: Dataset) -> set[str]:
    found, statuses = ask(scu, identifier)
    assert statuses[-1] == 0x0000
    return {str(each.PatientID) for each in found}


def test_a_modality_gets_the_steps_of_its_station(node: Node, scu: Association) -> None:
    schedule(node, entry(), entry(PatientID="P2", step={"ScheduledStationAETitle": "MR1", "Modality": "MR"}))
    found, statuses = ask(scu, query({"ScheduledStationAETitle": "CT1", "ScheduledProcedureStepID": ""}))
    assert statuses == [0xFF00, 0x0000]
    step = found[0].ScheduledProcedureStepSequence[0]
    assert (found[0].PatientName, found[0].StudyInstanceUID) == ("Müller^Änne", STUDY)
    assert (step.ScheduledProcedureStepID, step.Modality) == ("S1", "CT")


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, {"P1", "P2"}),
        ({"PatientID": "P1"}, {"P1"}),
        ({"PatientID": "P?"}, {"P1", "P2"}),
        ({"PatientID": "Q*"}, set()),
        ({"PatientName": "müller^*"}, {"P1"}),
        ({"PatientName": "YAMADA*"}, {"P2"}),
        ({"PatientName": "山田*"}, {"P2"}),
        ({"PatientName": "=山田^太郎"}, {"P2"}),
        ({"PatientName": "Mull%"}, set()),
        ({"AccessionNumber": "A2"}, {"P2"}),
        ({"RequestedProcedureID": "r1"}, {"P1", "P2"}),
        ({"StudyInstanceUID": [STUDY, "1.2.3"]}, {"P1"}),
        ({"ReferringPhysicianName": "*"}, {"P1", "P2"}),
        ({"PatientBirthDate": "19600101-19701231"}, {"P1"}),
        ({"PatientWeight": "70.0"}, {"P2"}),
        ({"step": {"Modality": "MR"}}, {"P2"}),
        ({"step": {"Modality": ["CT", "MR"]}}, {"P1", "P2"}),
        ({"step": {"ScheduledStationAETitle": "MR?"}}, {"P2"}),
        ({"step": {"ScheduledStationAETitle": "MR2"}}, {"P2"}),
        ({"step": {"ScheduledPerformingPhysicianName": "CURIE*"}}, {"P1"}),
        ({"step": {"ScheduledProcedureStepStartDate": "20260706"}}, {"P1"}),
        ({"step": {"ScheduledProcedureStepStartDate": "20260706-20260707"}}, {"P1", "P2"}),
        ({"step": {"ScheduledProcedureStepStartDate": "-20260706"}}, {"P1"}),
        ({"step": {"ScheduledProcedureStepStartDate": "20260707-"}}, {"P2"}),
        ({"step": {"ScheduledProcedureStepStartTime": "08-10"}}, {"P1"}),
        ({"step": {"ScheduledProcedureStepStartTime": "0930"}}, {"P1"}),
        ({"step": {"ScheduledProcedureStepStatus": "SCHEDULED"}}, {"P1", "P2"}),
        ({"step": {"ScheduledProcedureStepStatus": "STARTED"}}, set()),
    ],
)
def test_keys_match(node: Node, scu: Association, keys: dict[str, Any], expected: set[str]) -> None:
    second = {
        "ScheduledStationAETitle": ["MR1", "MR2"],
        "Modality": "MR",
        "ScheduledProcedureStepStartDate": "20260707",
        "ScheduledProcedureStepStartTime": "1800",
        "ScheduledPerformingPhysicianName": None,
    }
    schedule(
        node,
        entry(),
        entry(
            PatientName="Yamada^Tarou=山田^太郎",
            PatientID="P2",
            AccessionNumber="A2",
            StudyInstanceUID="1.2.9",
            PatientBirthDate=None,
            PatientWeight="70",
            step=second,
        ),
    )
    assert names(scu, query(**keys)) == expected


def test_ranges_of_date_and_time_are_one_period(node: Node, scu: Association) -> None:
    for patient, date, moment in (("A", "20260705", "0900"), ("B", "20260706", "0300"), ("C", "20260707", "1900")):
        step = {"ScheduledProcedureStepStartDate": date, "ScheduledProcedureStepStartTime": moment}
        schedule(node, entry(PatientID=patient, step=step))
    step = {
        "ScheduledProcedureStepStartDate": "20260705-20260707",
        "ScheduledProcedureStepStartTime": "1000-1800",
    }
    assert names(scu, query(step)) == {"B"}


def test_what_an_entry_does_not_have_is_answered_empty(node: Node, scu: Association) -> None:
    schedule(node, entry())
    identifier = query(MedicalAlerts="", RequestedProcedureCodeSequence=[], InstitutionAddress="")
    identifier.add_new(0x00091001, "LO", "private")
    found, statuses = ask(scu, identifier)
    assert statuses == [0xFF01, 0x0000]
    assert (found[0].MedicalAlerts, found[0].InstitutionAddress) == ("", "")
    assert list(found[0].RequestedProcedureCodeSequence) == []
    assert found[0][0x00091001].value in (None, "", b"")


def test_the_time_zone_of_a_request_chooses_no_entries(node: Node, scu: Association) -> None:
    """It says how times are meant (PS3.4 Section C.2.2.2.5)."""
    schedule(node, entry())
    assert names(scu, query(TimezoneOffsetFromUTC="+0100")) == {"P1"}


def test_attributes_of_the_standard_alone_are_no_reason_for_ff01(node: Node, scu: Association) -> None:
    schedule(node, entry())
    step = {"PreMedication": "", "ScheduledProtocolCodeSequence": [], "ScheduledStationName": ""}
    _, statuses = ask(scu, query(step, Allergies="", CurrentPatientLocation=""))
    assert statuses == [0xFF00, 0x0000]


def test_a_sequence_asked_for_as_a_whole_is_given_as_a_whole(node: Node, scu: Association) -> None:
    schedule(node, entry())
    identifier = query()
    identifier.ScheduledProcedureStepSequence = []
    found, _ = ask(scu, identifier)
    assert found[0].ScheduledProcedureStepSequence[0].ScheduledProcedureStepDescription == "CT Thorax"


def test_names_come_in_the_character_set_of_the_request_if_it_can_hold_them(node: Node, scu: Association) -> None:
    schedule(node, entry(), entry(PatientID="P2", PatientName="山田^太郎"))
    found = {each.PatientID: each for each in ask(scu, query(SpecificCharacterSet="ISO_IR 100"))[0]}
    assert (found["P1"].SpecificCharacterSet, found["P1"].PatientName) == ("ISO_IR 100", "Müller^Änne")
    assert (found["P2"].SpecificCharacterSet, found["P2"].PatientName) == ("ISO_IR 192", "山田^太郎")


@pytest.mark.parametrize("charset", [["", "ISO 2022 IR 87"], "GB18030", "ISO_IR 192"])
def test_a_modality_reads_names_in_its_own_character_set(node: Node, scu: Association, charset: Any) -> None:
    schedule(node, entry(PatientName="Yamada^Tarou=山田^太郎"))
    found, _ = ask(scu, query(SpecificCharacterSet=charset, PatientName="*=山田*"))
    assert (found[0].SpecificCharacterSet, str(found[0].PatientName)) == (charset, "Yamada^Tarou=山田^太郎")


def test_a_key_that_is_no_date_is_refused(scu: Association) -> None:
    identifier = query()
    del identifier.ScheduledProcedureStepSequence
    raw = [Element(tag=0x00400100, vr="SQ", items=([Element(tag=0x00400002, vr="DA", value=b"tomorrow")],))]
    wire = raw_query(scu.acceptor.port or 0, raw)
    assert wire.status() == 0xA900
    wire.close()


def raw_query(port: int, keys: list[Element], *, cancel: bool = False) -> Wire:
    """Ask without a client that would look at its values."""
    wire = Wire(socket.create_connection(("127.0.0.1", port), timeout=20))
    wire.associate({1: (WORKLIST, (EXPLICIT,))})
    command = {**dimse.request(CommandField.C_FIND, 7, data_set=True), 0x0002: WORKLIST}
    sent = p_data(1, dimse.encode_command(command), is_command=True, fragment=16000)
    sent += p_data(1, write(keys, implicit=False), is_command=False, fragment=16000)
    if cancel:
        stop = {0x0100: int(CommandField.C_CANCEL), 0x0120: 7, 0x0800: 0x0101}
        sent += p_data(1, dimse.encode_command(stop), is_command=True, fragment=16000)
    wire.send(sent)
    return wire


def test_a_query_ends_promptly_after_a_cancel(node: Node) -> None:
    schedule(node, *(entry(PatientID=f"P{number}", StudyInstanceUID=f"1.2.{number}") for number in range(5)))
    wire = raw_query(node.port, [Element(tag=0x00100020, vr="LO")], cancel=True)
    assert wire.status() == 0xFE00
    wire.close()


def test_a_pattern_of_many_asterisks_is_refused_and_of_some_is_fast(node: Node) -> None:
    schedule(node, entry(PatientID="a" * 60))
    for pattern, status in ((b"*a" * 500, 0xA900), (b"*a" * 50 + b"b", 0x0000)):
        wire = raw_query(node.port, [Element(tag=0x00100020, vr="LO", value=pattern)])
        assert wire.status() == status
        wire.close()


def test_an_identifier_that_is_no_data_set_is_refused(node: Node) -> None:
    wire = raw_query(node.port, [Element(tag=0x00400100, vr="SQ", items=([Element(tag=0xFFFEE0DD, vr="UI")],))])
    assert wire.status() == 0xC000
    wire.close()


def test_many_entries_are_read_page_by_page_up_to_the_limit(node: Node, scu: Association) -> None:
    schedule(node, *(entry(PatientID=f"P{number}", StudyInstanceUID=f"1.2.{number}") for number in range(300)))
    assert len(ask(scu, query())[0]) == 300
    service = node.services[CommandField.C_FIND].service_for(WORKLIST)  # type: ignore[union-attr]  # it is a Choice
    assert isinstance(service, Worklist)
    service._max_matches = 280
    found, statuses = ask(scu, query())
    assert (len(found), statuses[-1]) == (280, 0xA700)


def test_another_tenants_entries_are_not_told(node: Node, scu: Association) -> None:
    schedule(node, entry())
    node.rules.tenant = "other"
    other = associate(node, WORKLIST)
    assert names(other, query()) == set()
    other.release()
    assert names(scu, query()) == {"P1"}


def test_an_ae_without_the_permission_is_refused(node: Node) -> None:
    node.rules.allowed["MODALITY2"] = frozenset({"find", "mpps"})
    association = associate(node, WORKLIST, calling="MODALITY2")
    assert ask(association, query())[1] == [0x0124]
    association.release()
