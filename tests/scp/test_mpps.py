"""Performed procedure steps, reported by pynetdicom's SCU."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.tag import Tag
from pynetdicom.association import Association

from archive import audit, events, procedure_steps, scheduling
from archive.bus import bus_directory
from archive.local_bus import LocalBus
from routing import dimse
from routing.dimse import CommandField
from routing.exchange import encode_data_set
from scp.elements import Element, write
from tests.scp.procedures import MPPS, STUDY, associate, begun, ended, entry, schedule
from tests.scp.running import Node
from tests.scp.samples import encode
from tests.scp.wire import EXPLICIT, IMPLICIT, Wire

UID = "1.2.826.0.1.3680043.8.498.7"
RETRIEVE = "1.2.840.10008.3.1.2.3.4"


@pytest.fixture
def scu(node: Node) -> Iterator[Association]:
    association = associate(node, MPPS)
    yield association
    association.release()


def create(scu: Association, dataset: Dataset, uid: str | None = UID) -> Dataset:
    status, _ = scu.send_n_create(dataset, MPPS, uid)
    return status


def change(scu: Association, dataset: Dataset, uid: str = UID) -> Dataset:
    status, _ = scu.send_n_set(dataset, MPPS, uid)
    return status


def step(node: Node) -> dict[str, Any]:
    return node.database.read(procedure_steps.listing, "default").items[0]


def entry_state(node: Node) -> str:
    state: str = node.database.read(scheduling.listing, "default").items[0]["state"]
    return state


def test_a_step_goes_from_in_progress_to_completed(node: Node, scu: Association) -> None:
    schedule(node, entry())
    assert create(scu, begun()).Status == 0x0000
    assert (step(node)["state"], entry_state(node)) == ("IN PROGRESS", "IN PROGRESS")
    assert step(node)["attributes"]["PatientName"] == "Müller^Änne"
    assert change(scu, ended("COMPLETED", "1.2.3.4.1", "1.2.3.4.2")).Status == 0x0000
    kept = step(node)
    assert (kept["state"], kept["study_uid"], kept["modality"]) == ("COMPLETED", STUDY, "CT")
    assert (kept["series"], kept["instances"]) == (["1.2.3.4"], 2)
    assert kept["calling_ae_title"] == "MODALITY1"
    assert entry_state(node) == "COMPLETED"
    actions = [record["action"] for record in node.database.read(audit.listing, "default").items]
    assert actions[:2] == ["procedure-step.changed", "procedure-step.created"]
    told = node.database.read(events.since, "default", 0, 100)
    steps = [message for message in told if message["type"] == "procedure-step.changed"]
    assert [message["data"]["state"] for message in steps] == ["IN PROGRESS", "COMPLETED"]
    assert {message["study_uid"] for message in steps} == {STUDY}


def test_a_step_may_be_changed_while_it_is_in_progress(node: Node, scu: Association) -> None:
    create(scu, begun())
    changed = Dataset()
    changed.PerformedProcedureStepDescription = "Thorax nativ"
    changed.PerformedProcedureStepStatus = "IN PROGRESS"
    assert change(scu, changed).Status == 0x0000
    assert step(node)["attributes"]["PerformedProcedureStepDescription"] == "Thorax nativ"
    assert step(node)["attributes"]["PatientID"] == "P1"


@pytest.mark.parametrize("final", ["COMPLETED", "DISCONTINUED"])
def test_a_step_that_has_ended_may_no_longer_be_updated(scu: Association, final: str) -> None:
    create(scu, begun())
    assert change(scu, ended(final, "1.2.3.4.1")).Status == 0x0000
    again = change(scu, ended("COMPLETED", "1.2.3.4.2"))
    assert (again.Status, again.ErrorID) == (0x0110, 0xA710)


def test_a_step_may_be_discontinued_without_a_series(node: Node, scu: Association) -> None:
    schedule(node, entry())
    create(scu, begun())
    assert change(scu, ended("DISCONTINUED", PerformedSeriesSequence=[])).Status == 0x0000
    assert (step(node)["state"], entry_state(node)) == ("DISCONTINUED", "DISCONTINUED")


def test_an_entry_that_was_selected_by_mistake_is_scheduled_again(node: Node, scu: Association) -> None:
    schedule(node, entry())
    create(scu, begun())
    reason = Dataset()
    reason.CodeValue, reason.CodingSchemeDesignator = "110514", "DCM"
    reason.CodeMeaning = "Incorrect worklist entry selected"
    end = ended("DISCONTINUED", PerformedProcedureStepDiscontinuationReasonCodeSequence=[reason])
    assert change(scu, end).Status == 0x0000
    assert entry_state(node) == "SCHEDULED"


def test_a_second_instance_of_the_same_uid_is_refused(node: Node, scu: Association) -> None:
    create(scu, begun())
    assert create(scu, begun(PatientID="P9")).Status == 0x0111
    assert step(node)["patient_id"] == "P1"


def test_a_step_without_a_uid_gets_one(node: Node, scu: Association) -> None:
    status = create(scu, begun(), None)
    assert status.Status == 0x0000
    assert step(node)["sop_instance_uid"].startswith("2.25.")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"PerformedProcedureStepStatus": "COMPLETED"}, 0x0106),
        ({"PerformedProcedureStepStatus": "DISCONTINUED"}, 0x0106),
        ({"PerformedProcedureStepStatus": "UNDER WAY"}, 0x0106),
        ({"PerformedProcedureStepStatus": ""}, 0x0121),
        ({"PerformedProcedureStepID": ""}, 0x0121),
        ({"ScheduledStepAttributesSequence": []}, 0x0121),
    ],
)
def test_a_step_that_does_not_begin_as_it_must_is_refused(
    node: Node, scu: Association, changes: dict[str, Any], status: int
) -> None:
    assert create(scu, begun(**changes)).Status == status
    assert node.database.read(procedure_steps.listing, "default").items == []


def test_a_missing_attribute_is_named(scu: Association) -> None:
    dataset = begun()
    del dataset.PerformedStationAETitle
    status = create(scu, dataset)
    assert status.Status == 0x0120
    assert status.ErrorComment == "PerformedStationAETitle is missing."


def test_a_step_without_a_study_is_refused(scu: Association) -> None:
    dataset = begun()
    dataset.ScheduledStepAttributesSequence[0].StudyInstanceUID = ""
    assert create(scu, dataset).Status == 0x0121


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"PerformedProcedureStepEndDate": ""}, 0x0121),
        ({"PerformedProcedureStepEndTime": ""}, 0x0121),
        ({"PerformedSeriesSequence": []}, 0x0121),
        ({"PerformedProcedureStepStatus": "FINISHED"}, 0x0106),
        ({"PatientID": "P2"}, 0x0105),
        ({"Modality": "MR"}, 0x0105),
    ],
)
def test_an_end_that_is_not_as_it_must_be_changes_nothing(
    node: Node, scu: Association, changes: dict[str, Any], status: int
) -> None:
    create(scu, begun())
    assert change(scu, ended("COMPLETED", "1.2.3.4.1", **changes)).Status == status
    assert step(node)["state"] == "IN PROGRESS"


def test_a_series_needs_its_protocol_name(scu: Association) -> None:
    create(scu, begun())
    end = ended("COMPLETED", "1.2.3.4.1")
    end.PerformedSeriesSequence[0].ProtocolName = ""
    assert change(scu, end).Status == 0x0121


def test_fixed_attributes_may_be_repeated_as_they_are(node: Node, scu: Association) -> None:
    create(scu, begun())
    assert change(scu, ended("COMPLETED", "1.2.3.4.1", PatientID="P1", Modality="CT")).Status == 0x0000
    assert step(node)["state"] == "COMPLETED"


def test_an_unknown_instance_cannot_be_changed(scu: Association) -> None:
    assert change(scu, ended("COMPLETED", "1.2.3.4.1"), "1.2.3.999").Status == 0x0112


def test_another_tenant_cannot_change_a_step(node: Node, scu: Association) -> None:
    create(scu, begun())
    node.rules.tenant = "other"
    other = associate(node, MPPS)
    assert change(other, ended("COMPLETED", "1.2.3.4.1")).Status == 0x0112
    other.release()


def test_completion_wakes_those_who_wait_for_series(node: Node, scu: Association) -> None:
    with closing(LocalBus(bus_directory(node.folder))) as bus, closing(bus.subscribe("arrivals")) as arrivals:
        create(scu, begun())
        assert change(scu, ended("COMPLETED", "1.2.3.4.1")).Status == 0x0000
        assert arrivals.wait(5)


def test_an_attribute_list_that_cannot_be_read_is_refused_and_the_association_goes_on(node: Node) -> None:
    wire = Wire(node.connect())
    wire.associate({1: (MPPS, (EXPLICIT,))})
    for content, status in ((b"nothing like it!", 0x0110), (bytes.fromhex("08000500") + b"CS\0\0", 0x0120)):
        command = {**dimse.request(CommandField.N_CREATE, 1, data_set=True), 0x0002: MPPS, 0x1000: UID}
        wire.command(1, command)
        wire.data(1, content)
        assert wire.status() == status
    wire.close()


def test_a_text_that_came_with_implicit_vr_is_told_with_explicit_vr_however_long_it_is(node: Node) -> None:
    """PS3.5 Section 6.2.2: it is UN then."""
    # pydicom does not write so much.
    comments = write([Element(tag=0x00401400, vr="LT", value=b"a" * 70_000)], implicit=True)
    asked = {**dimse.request(CommandField.N_CREATE, 1, data_set=True), 0x0002: MPPS, 0x1000: UID}
    wire = Wire(node.connect())
    wire.associate({1: (MPPS, (IMPLICIT,)), 3: (MPPS, (EXPLICIT,))})
    wire.command(1, asked)
    wire.data(1, encode_data_set(begun(), IMPLICIT) + comments)
    assert wire.status() == 0x0000
    wire.command(3, {**dimse.request(CommandField.N_GET, 2, data_set=False), 0x0003: MPPS, 0x1001: UID})
    answer, told = wire.answer()
    assert dimse.number(answer, dimse.Element.STATUS) == 0x0000
    assert b"UN" in told
    assert b"a" * 70_000 in told
    wire.close()


def test_an_instance_uid_that_is_none_is_refused(node: Node) -> None:
    wire = Wire(node.connect())
    wire.associate({1: (MPPS, (EXPLICIT,))})
    wire.command(1, {**dimse.request(CommandField.N_CREATE, 1, data_set=True), 0x0002: MPPS, 0x1000: "../../etc"})
    wire.data(1, encode(begun()))
    assert wire.status() == 0x0117
    wire.close()


def test_an_ae_without_the_permission_is_refused(node: Node) -> None:
    node.rules.allowed["MODALITY2"] = frozenset({"worklist"})
    association = associate(node, MPPS, calling="MODALITY2")
    assert create(association, begun()).Status == 0x0124
    assert change(association, ended("COMPLETED")).Status == 0x0124
    association.release()


@pytest.mark.parametrize("context", [MPPS, RETRIEVE])
def test_a_step_can_be_retrieved(node: Node, scu: Association, context: str) -> None:
    """PS3.4 Section F.8."""
    create(scu, begun())
    asking = associate(node, MPPS, RETRIEVE)
    status, found = asking.send_n_get([], MPPS, UID, meta_uid=context)
    assert status.Status == 0x0000
    assert found is not None
    assert (found.PerformedProcedureStepStatus, found.PatientName) == ("IN PROGRESS", "Müller^Änne")
    status, found = asking.send_n_get([Tag(0x00080060), Tag(0x00400253), Tag(0x00400250)], context, UID)
    assert status.Status == 0x0000
    assert found is not None
    assert {element.keyword for element in found} == {
        "Modality",
        "PerformedProcedureStepID",
        "PerformedProcedureStepEndDate",
    }
    status, _ = asking.send_n_get([Tag(0x00080060), Tag(0x00280030)], context, UID)
    assert status.Status == 0x0001
    status, _ = asking.send_n_get([], context, "1.2.3.404")
    assert status.Status == 0x0112
    asking.release()
