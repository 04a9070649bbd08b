"""Workitems by the rules of PS3.4 Annex CC: creation, states, locks, changes and final states."""

from typing import Any

import pytest

from archive import audit, workitems
from archive.attribute_lists import from_keywords, items, text
from archive.database import Database
from archive.errors import Conflict, NodeError, NotFound
from archive.procedure_rules import AttributeMissing, AttributeNotAllowed, ValueMissing, ValueNotAllowed
from archive.times import dicom_moment
from archive.workitem_errors import (
    AlreadyCompleted,
    AlreadyInProgress,
    FinalStateNotMet,
    NoLongerUpdated,
    NotCreatedScheduled,
    NotInProgress,
    OnlyCreatedScheduled,
    PerformerNotContacted,
    WrongTransaction,
)
from archive.workitem_reports import waiting
from archive.workitem_search import page
from archive.workitem_states import Channel, Outcome
from archive.workitem_subscriptions import subscribe
from tests.archive.workitem_data import (
    LOCK,
    NOBODY,
    NOW,
    OTHER_LOCK,
    TENANT,
    UID,
    ask_to_cancel,
    create,
    keep,
    move,
    performed,
    put,
    scheduled,
    shown,
    state,
)

DISCONTINUED = {
    "ProcedureStepProgressInformationSequence": [
        {"ReasonForCancellation": "out of memory", "ProcedureStepCancellationDateTime": "20260706094500"}
    ]
}


def bring_to(database: Database, wanted: str) -> None:
    """Bring a new workitem into a state."""
    create(database)
    if wanted != "SCHEDULED":
        move(database, "IN PROGRESS")
    if wanted in {"COMPLETED", "CANCELED"}:
        put(database, performed(), lock=LOCK)
        move(database, wanted)
    assert state(database) == wanted


def test_a_workitem_is_kept_and_shown_with_what_type_2_asks_for(database: Database) -> None:
    assert create(database) is Outcome.DONE
    found = shown(database)
    assert text(found, "PatientName") == "Müller^Änne"
    assert text(found, "SOPClassUID") == "1.2.840.10008.5.1.4.34.6.1"
    assert text(found, "SOPInstanceUID") == UID
    assert text(found, "ScheduledProcedureStepModificationDateTime")
    assert found["00404025"] == []
    assert "00081195" not in found
    assert database.read(audit.listing, TENANT).items[0]["action"] == "workitem.created"


def test_a_worklist_label_that_is_missing_is_made_up_and_that_is_said(database: Database) -> None:
    assert create(database, WorklistLabel=None) is Outcome.CREATED_WITH_MODIFICATIONS
    assert text(shown(database), "WorklistLabel") == "DEFAULT"


@pytest.mark.parametrize(
    "missing",
    [
        "ProcedureStepState",
        "ScheduledProcedureStepPriority",
        "ProcedureStepLabel",
        "ScheduledProcedureStepStartDateTime",
        "InputReadinessState",
    ],
)
def test_what_is_of_type_1_must_be_there_and_have_a_value(database: Database, missing: str) -> None:
    """PS3.4 Table CC.2.5-3."""
    with pytest.raises(ValueMissing, match=missing):
        keep(database, {**scheduled(), missing: None})
    with pytest.raises(AttributeMissing, match=missing):
        keep(database, {name: value for name, value in scheduled().items() if name != missing})


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"ProcedureStepState": "IN PROGRESS"}, NotCreatedScheduled),
        ({"ProcedureStepState": "COMPLETED"}, NotCreatedScheduled),
        ({"TransactionUID": LOCK}, ValueNotAllowed),
        (performed(), ValueNotAllowed),
        (DISCONTINUED, ValueNotAllowed),
        ({"ScheduledProcedureStepPriority": "URGENT"}, ValueNotAllowed),
        ({"InputReadinessState": "PERHAPS"}, ValueNotAllowed),
        ({"ScheduledProcedureStepStartDateTime": "tomorrow"}, ValueNotAllowed),
        ({"InputInformationSequence": [{"StudyInstanceUID": "../../etc"}]}, ValueNotAllowed),
    ],
)
def test_a_workitem_that_does_not_begin_as_it_must_is_refused(
    database: Database, changes: dict[str, Any], refusal: type[NodeError]
) -> None:
    with pytest.raises(refusal):
        create(database, **changes)
    assert database.read(page, TENANT, {}).entries == ()


def test_a_second_instance_of_the_same_uid_is_refused(database: Database) -> None:
    create(database)
    with pytest.raises(Conflict):
        create(database, PatientID="P2")


@pytest.mark.parametrize(
    ("present", "wanted", "lock", "expected"),
    [
        # PS3.4 Table CC.1.1-2: a column a state, a row an action.
        ("SCHEDULED", "IN PROGRESS", LOCK, Outcome.DONE),
        ("IN PROGRESS", "IN PROGRESS", LOCK, AlreadyInProgress),
        ("COMPLETED", "IN PROGRESS", LOCK, NoLongerUpdated),
        ("CANCELED", "IN PROGRESS", LOCK, NoLongerUpdated),
        ("SCHEDULED", "IN PROGRESS", "", WrongTransaction),
        ("IN PROGRESS", "IN PROGRESS", "", WrongTransaction),
        ("SCHEDULED", "SCHEDULED", LOCK, OnlyCreatedScheduled),
        ("IN PROGRESS", "SCHEDULED", LOCK, OnlyCreatedScheduled),
        ("COMPLETED", "SCHEDULED", LOCK, OnlyCreatedScheduled),
        ("SCHEDULED", "COMPLETED", LOCK, NotInProgress),
        ("IN PROGRESS", "COMPLETED", LOCK, FinalStateNotMet),
        ("COMPLETED", "COMPLETED", LOCK, Outcome.ALREADY_COMPLETED),
        ("CANCELED", "COMPLETED", LOCK, NoLongerUpdated),
        ("SCHEDULED", "COMPLETED", "", WrongTransaction),
        ("IN PROGRESS", "COMPLETED", OTHER_LOCK, WrongTransaction),
        ("COMPLETED", "COMPLETED", OTHER_LOCK, WrongTransaction),
        ("SCHEDULED", "CANCELED", LOCK, NotInProgress),
        ("IN PROGRESS", "CANCELED", LOCK, Outcome.DONE),
        ("COMPLETED", "CANCELED", LOCK, NoLongerUpdated),
        ("CANCELED", "CANCELED", LOCK, Outcome.ALREADY_CANCELED),
        ("IN PROGRESS", "CANCELED", OTHER_LOCK, WrongTransaction),
        ("CANCELED", "CANCELED", OTHER_LOCK, WrongTransaction),
        ("SCHEDULED", "PAUSED", LOCK, ValueNotAllowed),
    ],
)
def test_a_state_changes_as_the_table_of_transitions_says(
    database: Database, present: str, wanted: str, lock: str, expected: Outcome | type[NodeError]
) -> None:
    bring_to(database, present)
    if isinstance(expected, Outcome):
        assert move(database, wanted, lock) is expected
        assert state(database) == wanted
    else:
        with pytest.raises(expected):
            move(database, wanted, lock)
        assert state(database) == present


def test_a_workitem_that_is_not_there_has_no_state(database: Database) -> None:
    with pytest.raises(NotFound):
        move(database, "IN PROGRESS")
    with pytest.raises(NotFound):
        put(database, {})
    with pytest.raises(NotFound):
        ask_to_cancel(database)


def test_another_tenant_does_not_see_a_workitem(database: Database) -> None:
    create(database)
    assert database.read(page, "other", {}).entries == ()


@pytest.mark.parametrize(
    ("present", "lock", "refusal"),
    [
        # PS3.4 Section CC.2.6.2 and Table CC.2.6-1.
        ("SCHEDULED", "", None),
        ("SCHEDULED", LOCK, NotInProgress),
        ("IN PROGRESS", LOCK, None),
        ("IN PROGRESS", "", WrongTransaction),
        ("IN PROGRESS", OTHER_LOCK, WrongTransaction),
        ("COMPLETED", LOCK, NoLongerUpdated),
        ("CANCELED", LOCK, NoLongerUpdated),
    ],
)
def test_who_may_change_a_workitem_depends_on_its_state_and_lock(
    database: Database, present: str, lock: str, refusal: type[NodeError] | None
) -> None:
    bring_to(database, present)
    change = {"ProcedureStepLabel": "Something else"}
    if refusal is None:
        put(database, change, lock=lock)
        assert text(shown(database), "ProcedureStepLabel") == "Something else"
    else:
        with pytest.raises(refusal):
            put(database, change, lock=lock)
        assert text(shown(database), "ProcedureStepLabel") == "Lung nodules"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"PatientID": "P2"}, AttributeNotAllowed),
        ({"PatientName": "Other^Name"}, AttributeNotAllowed),
        ({"SOPInstanceUID": "1.2.3"}, AttributeNotAllowed),
        ({"ProcedureStepState": "COMPLETED"}, AttributeNotAllowed),
        ({"ProcedureStepState": "SCHEDULED"}, OnlyCreatedScheduled),
        ({"ProcedureStepLabel": None}, ValueMissing),
        ({"ScheduledProcedureStepPriority": "URGENT"}, ValueNotAllowed),
        ({"ProcedureStepProgressInformationSequence": [{"ProcedureStepProgress": "120"}]}, ValueNotAllowed),
        ({"ProcedureStepProgressInformationSequence": [{"ProcedureStepProgress": "half"}]}, ValueNotAllowed),
    ],
)
def test_what_may_not_change_does_not(database: Database, change: dict[str, Any], refusal: type[NodeError]) -> None:
    bring_to(database, "IN PROGRESS")
    before = shown(database)
    with pytest.raises(refusal):
        put(database, change, lock=LOCK)
    assert shown(database) == before


def test_a_change_of_what_is_scheduled_has_its_time_noted(database: Database) -> None:
    """PS3.3 Table C.30.2-1: of progress it has not; and it is the node that says when."""
    create(database)
    modified = "00404010"
    made = shown(database)[modified]
    move(database, "IN PROGRESS")
    put(database, {"ProcedureStepProgressInformationSequence": [{"ProcedureStepProgress": "5"}]}, lock=LOCK)
    assert shown(database)[modified] == made
    said = from_keywords({"TransactionUID": LOCK, "ScheduledProcedureStepModificationDateTime": "19990101"})
    database.write(workitems.change, TENANT, UID, said, NOBODY, now=NOW + 60)
    assert shown(database)[modified] == [dicom_moment(NOW + 60)] != made


def test_fixed_attributes_may_be_repeated_as_they_are(database: Database) -> None:
    bring_to(database, "IN PROGRESS")
    put(database, {"PatientID": "P1", "ProcedureStepState": "IN PROGRESS"}, lock=LOCK)
    assert text(shown(database), "PatientID") == "P1"


@pytest.mark.parametrize(
    "missing",
    [
        "PerformedStationNameCodeSequence",
        "PerformedProcedureStepStartDateTime",
        "PerformedWorkitemCodeSequence",
        "PerformedProcedureStepEndDateTime",
        "OutputInformationSequence",
    ],
)
def test_a_step_is_completed_only_when_it_says_what_was_performed(database: Database, missing: str) -> None:
    """PS3.4 Section CC.2.5.1.3: final state code P."""
    bring_to(database, "IN PROGRESS")
    said = performed()
    del said["UnifiedProcedureStepPerformedProcedureSequence"][0][missing]
    put(database, said, lock=LOCK)
    with pytest.raises(FinalStateNotMet, match=missing):
        move(database, "COMPLETED")
    put(database, performed(), lock=LOCK)
    assert move(database, "COMPLETED") is Outcome.DONE


def test_a_canceled_step_says_when_and_why(database: Database) -> None:
    """PS3.4 Section CC.2.5.1.3: final state code X; what the performer leaves out, the node says."""
    bring_to(database, "CANCELED")
    (progress,) = items(shown(database), "ProcedureStepProgressInformationSequence")
    assert text(progress, "ProcedureStepCancellationDateTime")
    (why,) = items(progress, "ProcedureStepDiscontinuationReasonCodeSequence")
    assert text(why, "CodeValue") == "110513"


def test_what_the_performer_says_of_a_cancellation_stays(database: Database) -> None:
    bring_to(database, "IN PROGRESS")
    put(database, DISCONTINUED, lock=LOCK)
    move(database, "CANCELED")
    (progress,) = items(shown(database), "ProcedureStepProgressInformationSequence")
    assert text(progress, "ReasonForCancellation") == "out of memory"
    assert text(progress, "ProcedureStepCancellationDateTime") == "20260706094500"


def test_a_step_that_waits_is_canceled_at_once_on_request(database: Database) -> None:
    """PS3.4 Section CC.2.2.3."""
    create(database)
    assert ask_to_cancel(database) is Outcome.DONE
    assert state(database) == "CANCELED"
    (progress,) = items(shown(database), "ProcedureStepProgressInformationSequence")
    assert text(progress, "ReasonForCancellation") == "not needed"
    assert ask_to_cancel(database) is Outcome.ALREADY_CANCELED


def test_a_request_to_cancel_is_told_also_when_it_is_granted_at_once(database: Database) -> None:
    """PS3.4 Section CC.2.4.3: each time; and the states follow in their order (Section CC.2.2.3)."""
    create(database)
    database.write(subscribe, TENANT, UID, "WATCHER", Channel.DIMSE, now=NOW)
    ask_to_cancel(database)
    told = database.read(waiting, TENANT, "WATCHER", Channel.DIMSE)
    assert [(each.event_type, text(each.information, "ProcedureStepState")) for each in told] == [
        (1, "SCHEDULED"),
        (2, ""),
        (1, "IN PROGRESS"),
        (1, "CANCELED"),
    ]
    assert text(told[1].information, "ReasonForCancellation") == "not needed"
    assert text(told[1].information, "RequestingAE") == "RIS"


def test_a_step_that_is_performed_is_not_canceled_on_request_alone(database: Database) -> None:
    bring_to(database, "IN PROGRESS")
    with pytest.raises(PerformerNotContacted):
        ask_to_cancel(database)
    database.write(subscribe, TENANT, UID, "ENGINE", Channel.DIMSE, now=NOW)
    assert ask_to_cancel(database) is Outcome.DONE
    assert state(database) == "IN PROGRESS"


def test_a_completed_step_cannot_be_canceled(database: Database) -> None:
    bring_to(database, "COMPLETED")
    with pytest.raises(AlreadyCompleted):
        ask_to_cancel(database)


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({}, 2),
        ({"ProcedureStepState": "SCHEDULED"}, 1),
        ({"ProcedureStepState": "SCHEDULED\\IN PROGRESS"}, 2),
        ({"PatientID": "P1"}, 2),
        ({"PatientID": "P9"}, 0),
        ({"PatientName": "müller*"}, 2),
        ({"SOPInstanceUID": UID}, 1),
        ({"ScheduledProcedureStepStartDateTime": "20260706-20260707"}, 2),
        ({"ScheduledProcedureStepStartDateTime": "-20260705"}, 0),
        ({"ScheduledWorkitemCodeSequence": [{"CodeValue": "110004", "CodingSchemeDesignator": "DCM"}]}, 2),
        ({"ScheduledWorkitemCodeSequence": [{"CodeValue": "110005"}]}, 0),
        ({"WorklistLabel": "AI", "InputReadinessState": "READY"}, 2),
    ],
)
def test_workitems_are_found_by_their_attributes(database: Database, keys: dict[str, Any], found: int) -> None:
    create(database, "1.2.3.1")
    bring_to(database, "IN PROGRESS")
    wanted = {
        name: value.split("\\") if isinstance(value, str) and "\\" in value else value for name, value in keys.items()
    }
    assert len(database.read(page, TENANT, from_keywords(wanted)).entries) == found


def test_pages_follow_each_other(database: Database) -> None:
    for number in range(3):
        create(database, f"1.2.3.{number}")
    first = database.read(page, TENANT, {}, limit=2)
    assert first.position is not None
    second = database.read(page, TENANT, {}, limit=2, after=first.position)
    uids = [text(entry, "SOPInstanceUID") for entry in (*first.entries, *second.entries)]
    assert uids == ["1.2.3.0", "1.2.3.1", "1.2.3.2"]
    assert second.position is None
