"""Unified procedure steps, asked for by pynetdicom's SCU (PS3.4 Annex CC)."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import generate_uid
from pynetdicom.association import Association

from archive import workitem_reports
from archive.attribute_lists import text
from archive.workitem_states import Channel
from routing.peers import Peer
from tests.archive.node_rows import SERIES, settled_series
from tests.scp.procedures import associate
from tests.scp.running import ALL_VERBS, Node

PUSH, WATCH, PULL, EVENT, QUERY = (f"1.2.840.10008.5.1.4.34.6.{number}" for number in range(1, 6))
GLOBAL, FILTERED = "1.2.840.10008.5.1.4.34.5", "1.2.840.10008.5.1.4.34.5.1"
UID, LOCK = "1.2.826.0.1.3680043.8.498.31", "1.2.826.0.1.3680043.8.498.32"


@pytest.fixture
def scu(node: Node) -> Iterator[Association]:
    node.rules.allowed["MODALITY1"] = ALL_VERBS | {"ups"}
    node.destinations.peers["WATCHER"] = Peer(
        name="WATCHER", ae_title="WATCHER", host="127.0.0.1", port=1, calling_ae_title="ISOCENTER"
    )
    association = associate(node, PUSH, WATCH, PULL, EVENT, QUERY)
    yield association
    association.release()


def code(value: str, meaning: str = "something") -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


def scheduled(**changes: Any) -> Dataset:
    """Write the attributes of an N-CREATE, those of type 2 too."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.TransactionUID = ""
    dataset.ScheduledProcedureStepPriority, dataset.ProcedureStepLabel = "MEDIUM", "Lungs"
    dataset.WorklistLabel, dataset.InputReadinessState = "AI", "READY"
    dataset.ScheduledProcedureStepStartDateTime = "20260706093000"
    dataset.ScheduledWorkitemCodeSequence = Sequence([code("110004", "Computer Aided Detection")])
    dataset.ScheduledProcessingParametersSequence = Sequence([])
    dataset.ScheduledStationNameCodeSequence = Sequence([])
    dataset.InputInformationSequence = Sequence([])
    dataset.PatientName, dataset.PatientID = "Müller^Änne", "P1"
    dataset.PatientBirthDate, dataset.PatientSex = "19700101", "F"
    dataset.ProcedureStepState = "SCHEDULED"
    dataset.ProcedureStepProgressInformationSequence = Sequence([])
    dataset.UnifiedProcedureStepPerformedProcedureSequence = Sequence([])
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    return dataset


def attributes(**values: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def performed(**changes: Any) -> Dataset:
    item = attributes(
        PerformedStationNameCodeSequence=[code("ENGINE")],
        PerformedProcedureStepStartDateTime="20260706093100",
        PerformedWorkitemCodeSequence=[code("110004")],
        PerformedProcedureStepEndDateTime="20260706093200",
        OutputInformationSequence=[],
    )
    return attributes(TransactionUID=LOCK, UnifiedProcedureStepPerformedProcedureSequence=[item], **changes)


def create(scu: Association, dataset: Dataset | None = None, uid: str | None = UID) -> Dataset:
    status, _ = scu.send_n_create(dataset or scheduled(), PUSH, uid)
    return status


def act(scu: Association, action: int, information: Dataset, *, context: str, uid: str = UID) -> int:
    status, _ = scu.send_n_action(information or None, action, PUSH, uid, meta_uid=context)
    return int(status.Status)


def move(scu: Association, state: str, lock: str = LOCK, uid: str = UID) -> int:
    information = attributes(ProcedureStepState=state, TransactionUID=lock)
    return act(scu, 1, information, context=PULL, uid=uid)


def put(scu: Association, change: Dataset, uid: str = UID) -> int:
    status, _ = scu.send_n_set(change, PUSH, uid, meta_uid=PULL)
    return int(status.Status)


def get(scu: Association, *tags: int, context: str = PULL, uid: str = UID) -> tuple[int, Dataset | None]:
    status, found = scu.send_n_get([Tag(tag) for tag in tags], PUSH, uid, meta_uid=context)
    return int(status.Status), found


def ask(scu: Association, identifier: Dataset, context: str) -> list[tuple[Dataset, Dataset | None]]:
    # pynetdicom's own loop may take an answer that comes within its millisecond: let it stop before anything is sent.
    scu._reactor_checkpoint.clear()
    time.sleep(0.02)
    return list(scu.send_c_find(identifier, context))


def find(scu: Association, identifier: Dataset, context: str = PULL) -> list[Dataset]:
    answers = ask(scu, identifier, context)
    assert answers[-1][0].Status == 0x0000
    return [found for status, found in answers if status.Status in {0xFF00, 0xFF01} and found is not None]


def test_a_step_is_pushed_found_pulled_and_completed(scu: Association) -> None:
    assert create(scu).Status == 0x0000
    wanted = attributes(ProcedureStepState="SCHEDULED", SOPInstanceUID="", PatientName="", WorklistLabel="AI")
    (found,) = find(scu, wanted)
    assert (found.SOPInstanceUID, found.PatientName) == (UID, "Müller^Änne")
    assert "TransactionUID" not in found
    assert move(scu, "IN PROGRESS") == 0x0000
    assert find(scu, wanted) == []
    progress = attributes(ProcedureStepProgress="50", ProcedureStepProgressDescription="half")
    change = attributes(TransactionUID=LOCK, ProcedureStepProgressInformationSequence=[progress])
    assert put(scu, change) == 0x0000
    assert move(scu, "COMPLETED") == 0xC304
    assert put(scu, performed()) == 0x0000
    assert move(scu, "COMPLETED") == 0x0000
    status, step = get(scu)
    assert status == 0x0000
    assert step is not None
    assert step.ProcedureStepState == "COMPLETED"
    assert step.ProcedureStepProgressInformationSequence[0].ProcedureStepProgress == 50
    assert move(scu, "COMPLETED") == 0xB306


@pytest.mark.parametrize(
    ("attempt", "status"),
    [
        # PS3.4 Tables CC.2.1-2 and CC.2.6-1.
        (lambda scu: move(scu, "IN PROGRESS"), 0xC302),
        (lambda scu: move(scu, "IN PROGRESS", ""), 0xC301),
        (lambda scu: move(scu, "SCHEDULED"), 0xC303),
        (lambda scu: move(scu, "COMPLETED", "1.2.3"), 0xC301),
        (lambda scu: move(scu, "COMPLETED"), 0xC304),
        (lambda scu: move(scu, "PAUSED"), 0x0106),
        (lambda scu: move(scu, "IN PROGRESS", uid="1.2.3.404"), 0xC307),
        (lambda scu: put(scu, attributes(ProcedureStepLabel="X")), 0xC301),
        (lambda scu: put(scu, attributes(ProcedureStepLabel="X", TransactionUID="1.2.3")), 0xC301),
        (lambda scu: put(scu, attributes(PatientID="P2", TransactionUID=LOCK)), 0x0105),
        (lambda scu: put(scu, attributes(ProcedureStepLabel="X"), uid="1.2.3.404"), 0xC307),
        (lambda scu: get(scu, uid="1.2.3.404")[0], 0xC307),
        (lambda scu: act(scu, 2, attributes(), context=PUSH, uid="1.2.3.404"), 0xC307),
        (lambda scu: act(scu, 2, attributes(), context=PUSH), 0xC312),
        (lambda scu: act(scu, 9, attributes(), context=PULL), 0x0123),
    ],
)
def test_what_is_wrong_with_a_step_in_progress_is_told_by_status(scu: Association, attempt: Any, status: int) -> None:
    create(scu)
    assert move(scu, "IN PROGRESS") == 0x0000
    assert attempt(scu) == status


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"ProcedureStepState": "IN PROGRESS"}, 0xC309),
        ({"ProcedureStepLabel": ""}, 0x0121),
        ({"InputReadinessState": "PERHAPS"}, 0x0106),
        ({"WorklistLabel": ""}, 0xB300),
    ],
)
def test_a_creation_is_judged_by_the_table_of_attributes(
    scu: Association, changes: dict[str, str], status: int
) -> None:
    assert create(scu, scheduled(**changes)).Status == status


def test_a_missing_attribute_is_named(scu: Association) -> None:
    dataset = scheduled()
    del dataset.ScheduledProcedureStepPriority
    status = create(scu, dataset)
    assert (status.Status, status.ErrorComment) == (0x0120, "ScheduledProcedureStepPriority is missing.")


def test_a_second_instance_of_the_same_uid_is_refused(scu: Association) -> None:
    create(scu)
    assert create(scu).Status == 0x0111


def test_states_that_do_not_allow_it(scu: Association) -> None:
    create(scu)
    assert move(scu, "COMPLETED") == 0xC310
    assert put(scu, attributes(ProcedureStepLabel="X", TransactionUID=LOCK)) == 0xC310
    assert act(scu, 2, attributes(ReasonForCancellation="not needed"), context=PUSH) == 0x0000
    assert act(scu, 2, attributes(), context=PUSH) == 0xB304
    assert move(scu, "IN PROGRESS") == 0xC300
    assert put(scu, attributes(ProcedureStepLabel="X", TransactionUID=LOCK)) == 0xC300
    _, step = get(scu, context=WATCH)
    assert step is not None
    (progress,) = step.ProcedureStepProgressInformationSequence
    assert progress.ReasonForCancellation == "not needed"


def test_a_completed_step_cannot_be_canceled(scu: Association) -> None:
    create(scu)
    move(scu, "IN PROGRESS")
    put(scu, performed())
    move(scu, "COMPLETED")
    assert act(scu, 2, attributes(), context=WATCH) == 0xC311


def test_only_what_is_asked_for_is_given(scu: Association) -> None:
    create(scu)
    status, found = get(scu, 0x00741000, 0x00100010, 0x00081195)
    assert status == 0x0001
    assert found is not None
    assert {element.keyword for element in found} == {"ProcedureStepState", "PatientName", "SpecificCharacterSet"}
    status, found = get(scu, 0x00404034, context=PUSH)
    assert status == 0x0000
    assert found is not None
    assert found.ScheduledHumanPerformersSequence == []


def test_sequences_are_keys_and_unknown_keys_are_said_to_be_unknown(scu: Association) -> None:
    create(scu)
    wanted = attributes(ScheduledWorkitemCodeSequence=[attributes(CodeValue="110004")], SOPInstanceUID="")
    (found,) = find(scu, wanted, QUERY)
    assert found.ScheduledWorkitemCodeSequence[0].CodeValue == "110004"
    unknown = attributes(SOPInstanceUID="", PixelSpacing="")
    statuses = [status.Status for status, _ in ask(scu, unknown, QUERY)]
    assert statuses == [0xFF01, 0x0000]


def test_a_subscriber_is_told_the_state_at_once_and_each_change_after_it(node: Node, scu: Association) -> None:
    create(scu)
    who = attributes(ReceivingAE="WATCHER", DeletionLock="TRUE", RequestingAE="MODALITY1")
    assert act(scu, 3, who, context=WATCH) == 0x0000
    move(scu, "IN PROGRESS")
    assert act(scu, 2, attributes(ContactDisplayName="Ada"), context=PUSH) == 0x0000
    told = node.database.read(workitem_reports.waiting, "default", "WATCHER", Channel.DIMSE)
    assert [(each.event_type, text(each.information, "ProcedureStepState")) for each in told] == [
        (1, "SCHEDULED"),
        (1, "IN PROGRESS"),
        (2, ""),
    ]
    assert text(told[-1].information, "RequestingAE") == "MODALITY1"
    assert text(told[-1].information, "ContactDisplayName") == "Ada"
    assert act(scu, 4, who, context=WATCH) == 0x0000
    put(scu, performed())
    assert move(scu, "COMPLETED") == 0x0000
    assert len(node.database.read(workitem_reports.waiting, "default", "WATCHER", Channel.DIMSE)) == 3


@pytest.mark.parametrize(
    ("action", "uid", "receiver", "status"),
    [
        # PS3.4 Table CC.2.3-3.
        (3, UID, "NOBODY", 0xC308),
        (3, "1.2.3.404", "WATCHER", 0xC307),
        (3, UID, "", 0x0121),
        (4, "1.2.3.404", "WATCHER", 0xC307),
        (5, UID, "WATCHER", 0xC314),
        (5, GLOBAL, "WATCHER", 0x0000),
    ],
)
def test_what_is_wrong_with_a_subscription_is_told_by_status(
    scu: Association, action: int, uid: str, receiver: str, status: int
) -> None:
    create(scu)
    assert act(scu, action, attributes(ReceivingAE=receiver, DeletionLock="FALSE"), context=WATCH, uid=uid) == status


def test_a_lock_on_what_has_ended_is_not_granted(scu: Association) -> None:
    create(scu)
    act(scu, 2, attributes(), context=PUSH)
    assert act(scu, 3, attributes(ReceivingAE="WATCHER", DeletionLock="TRUE"), context=WATCH) == 0xB301


def test_a_filtered_global_subscription_is_to_what_matches(node: Node, scu: Association) -> None:
    who = attributes(ReceivingAE="WATCHER", DeletionLock="FALSE", WorklistLabel="AI")
    assert act(scu, 3, who, context=WATCH, uid=FILTERED) == 0x0000
    create(scu, scheduled(WorklistLabel="3D"), generate_uid())
    create(scu)
    told = node.database.read(workitem_reports.waiting, "default", "WATCHER", Channel.DIMSE)
    assert {each.sop_instance_uid for each in told} == {UID}
    assert act(scu, 5, attributes(ReceivingAE="WATCHER"), context=WATCH, uid=FILTERED) == 0x0000
    create(scu, uid=generate_uid())
    move(scu, "IN PROGRESS")
    told = node.database.read(workitem_reports.waiting, "default", "WATCHER", Channel.DIMSE)
    assert [each.sop_instance_uid for each in told] == [UID, UID]


@pytest.mark.usefixtures("scu")
def test_an_ae_without_the_permission_is_refused(node: Node) -> None:
    node.rules.allowed["MODALITY2"] = frozenset({"worklist"})
    other = associate(node, PUSH, PULL, calling="MODALITY2")
    assert create(other).Status == 0x0124
    assert ask(other, attributes(SOPInstanceUID=""), PULL)[0][0].Status == 0x0124
    other.release()


def test_another_tenant_does_not_see_a_step(node: Node, scu: Association) -> None:
    create(scu)
    node.rules.tenant = "other"
    other = associate(node, PULL)
    assert find(other, attributes(SOPInstanceUID="")) == []
    assert get(other)[0] == 0xC307
    other.release()


def test_a_step_of_this_nodes_own_is_neither_claimed_nor_changed_by_others(node: Node, scu: Association) -> None:
    settled_series(node.database, "lungs")
    (found,) = find(scu, attributes(SOPInstanceUID="", InputInformationSequence=[]))
    (images,) = found.InputInformationSequence
    assert images.DICOMRetrievalSequence[0].RetrieveAETitle == "ISOCENTER"
    assert [each.ReferencedSOPInstanceUID for each in images.ReferencedSOPSequence] == [f"{SERIES}.1"]
    assert move(scu, "IN PROGRESS", uid=found.SOPInstanceUID) == 0x0124
    assert put(scu, attributes(ProcedureStepLabel="X"), uid=found.SOPInstanceUID) == 0x0124
    assert act(scu, 2, attributes(), context=PUSH, uid=found.SOPInstanceUID) == 0x0000
    _, step = get(scu, uid=found.SOPInstanceUID)
    assert step is not None
    assert step.ProcedureStepState == "CANCELED"
