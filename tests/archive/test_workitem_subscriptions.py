"""Subscriptions to workitems, and how long these are kept: PS3.4 Table CC.2.3-2 and Section CC.2.1.3."""

import pytest

from archive.attribute_lists import from_keywords, text
from archive.database import Database
from archive.errors import InvalidQuery, NotFound
from archive.study_deletion import delete_study
from archive.workitem_errors import ActionNotAppropriate
from archive.workitem_reports import forget as forget_reports
from archive.workitem_reports import mark_sent, waiting
from archive.workitem_retention import KEPT_SECONDS, forget
from archive.workitem_search import page
from archive.workitem_states import Channel, Outcome
from archive.workitem_subscriptions import FILTERED, GLOBAL, subscribe, suspend, unsubscribe
from tests.archive.node_rows import STUDY, settled_series
from tests.archive.workitem_data import LOCK, NOW, TENANT, UID, ask_to_cancel, create, move, performed, put

AE = "WATCHER"


def watch(database: Database, uid: str = GLOBAL, *, locked: bool = False, **keys: str) -> Outcome:
    wanted = from_keywords(keys) if keys else None
    return database.write(subscribe, TENANT, uid, AE, Channel.DIMSE, deletion_lock=locked, keys=wanted, now=NOW)


def states(database: Database, channel: Channel = Channel.DIMSE) -> list[tuple[str, str]]:
    """UID and state of what the watcher was told, and not before."""
    found = database.read(waiting, TENANT, AE, channel)
    database.write(mark_sent, [report.id for report in found], now=NOW)
    return [(each.sop_instance_uid, text(each.information, "ProcedureStepState")) for each in found]


def test_who_subscribes_is_told_the_present_state_at_once(database: Database) -> None:
    create(database)
    move(database, "IN PROGRESS")
    watch(database, UID)
    assert states(database) == [(UID, "IN PROGRESS")]


def test_a_global_subscription_is_to_what_there_is_and_to_what_will_be(database: Database) -> None:
    create(database, "1.2.3.1")
    create(database, "1.2.3.2")
    ask_to_cancel(database, "1.2.3.2")
    watch(database)
    create(database, "1.2.3.3")
    assert states(database) == [("1.2.3.1", "SCHEDULED"), ("1.2.3.3", "SCHEDULED")]


@pytest.mark.parametrize("filtered", [False, True])
def test_a_global_subscription_changes_nothing_for_workitems_that_are_subscribed(
    database: Database, filtered: bool
) -> None:
    """PS3.4 Table CC.2.3-2: a deletion lock on one of them stays, and its state is not told once more."""
    create(database, "1.2.3.1")
    create(database, "1.2.3.2")
    watch(database, "1.2.3.1", locked=True)
    states(database)
    if filtered:
        watch(database, FILTERED, WorklistLabel="AI")
    else:
        watch(database)
    assert states(database) == [("1.2.3.2", "SCHEDULED")]
    for uid in ("1.2.3.1", "1.2.3.2"):
        ask_to_cancel(database, uid)
    database.write(forget, now=NOW + KEPT_SECONDS + 1)
    assert [text(each, "SOPInstanceUID") for each in database.read(page, TENANT, {}).entries] == ["1.2.3.1"]


def test_a_suspended_subscription_goes_on_for_what_there_is(database: Database) -> None:
    watch(database)
    create(database, "1.2.3.1")
    database.write(suspend, TENANT, GLOBAL, AE, Channel.DIMSE)
    create(database, "1.2.3.2")
    states(database)
    move(database, "IN PROGRESS", uid="1.2.3.1")
    move(database, "IN PROGRESS", uid="1.2.3.2")
    assert states(database) == [("1.2.3.1", "IN PROGRESS")]


def test_ending_the_global_subscription_ends_all(database: Database) -> None:
    watch(database)
    create(database)
    states(database)
    database.write(unsubscribe, TENANT, GLOBAL, AE, Channel.DIMSE)
    move(database, "IN PROGRESS")
    create(database, "1.2.3.2")
    assert states(database) == []


def test_ending_one_subscription_leaves_the_others(database: Database) -> None:
    watch(database)
    create(database, "1.2.3.1")
    create(database, "1.2.3.2")
    states(database)
    database.write(unsubscribe, TENANT, "1.2.3.1", AE, Channel.DIMSE)
    move(database, "IN PROGRESS", uid="1.2.3.1")
    move(database, "IN PROGRESS", uid="1.2.3.2")
    assert states(database) == [("1.2.3.2", "IN PROGRESS")]


def test_a_filter_takes_the_place_of_the_one_before(database: Database) -> None:
    watch(database, FILTERED, PatientID="P1")
    watch(database, FILTERED, PatientID="P2")
    create(database, "1.2.3.1")
    create(database, "1.2.3.2", PatientID="P2")
    assert states(database) == [("1.2.3.2", "SCHEDULED")]


def test_channels_of_one_ae_are_apart(database: Database) -> None:
    create(database)
    watch(database, UID)
    database.write(subscribe, TENANT, UID, AE, Channel.WEBSOCKET, now=NOW)
    database.write(unsubscribe, TENANT, UID, AE, Channel.DIMSE)
    move(database, "IN PROGRESS")
    assert states(database) == [(UID, "SCHEDULED")]
    assert states(database, Channel.WEBSOCKET) == [(UID, "SCHEDULED"), (UID, "IN PROGRESS")]


def test_what_cannot_be_subscribed_to_is_refused(database: Database) -> None:
    with pytest.raises(NotFound):
        watch(database, "1.2.404")
    with pytest.raises(NotFound):
        database.write(unsubscribe, TENANT, "1.2.404", AE, Channel.DIMSE)
    with pytest.raises(InvalidQuery):
        watch(database, FILTERED, ScheduledProcedureStepStartDateTime="tomorrow")
    create(database)
    with pytest.raises(ActionNotAppropriate):
        database.write(suspend, TENANT, UID, AE, Channel.DIMSE)


def completed(database: Database, uid: str) -> None:
    create(database, uid)
    move(database, "IN PROGRESS", uid=uid)
    put(database, performed(), lock=LOCK, uid=uid)
    move(database, "COMPLETED", uid=uid)


def kept(database: Database) -> set[str]:
    return {text(entry, "SOPInstanceUID") for entry in database.read(page, TENANT, {}).entries}


def test_what_has_ended_is_kept_until_its_deletion_locks_are_gone(database: Database) -> None:
    create(database, "1.2.3.1")
    watch(database, locked=True)
    move(database, "IN PROGRESS", uid="1.2.3.1")
    put(database, performed(), lock=LOCK, uid="1.2.3.1")
    move(database, "COMPLETED", uid="1.2.3.1")
    database.write(suspend, TENANT, GLOBAL, AE, Channel.DIMSE)
    completed(database, "1.2.3.2")
    create(database, "1.2.3.3")
    later = NOW + KEPT_SECONDS + 1
    assert database.write(forget, now=later - 2) == 0
    assert database.write(forget, now=later) == 1
    assert kept(database) == {"1.2.3.1", "1.2.3.3"}
    database.write(unsubscribe, TENANT, "1.2.3.1", AE, Channel.DIMSE)
    database.write(forget, now=later)
    assert kept(database) == {"1.2.3.3"}


def test_reports_that_nobody_comes_for_are_forgotten(database: Database) -> None:
    watch(database)
    create(database)
    assert database.write(forget_reports, now=NOW + 86_401) == 1
    assert states(database) == []


def test_the_workitems_of_a_deleted_study_go_with_it(database: Database) -> None:
    settled_series(database, "lungs")
    create(database)
    assert len(kept(database)) == 2
    database.write(delete_study, TENANT, STUDY, principal="ada", now=NOW)
    assert kept(database) == {UID}
