"""Reports about workitems, taken by pynetdicom as a subscriber takes them (PS3.4 Section CC.2.4)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from archive import outbox
from archive.bus import bus_directory
from archive.database import Database
from archive.local_bus import LocalBus
from archive.tables import workitem_report
from archive.workitem_states import Channel
from archive.workitem_subscriptions import GLOBAL, subscribe, tell_restart
from routing.workitem_call import PUSH
from routing.workitem_reports import WorkitemReportLoop
from tests.archive.workitem_data import LOCK, NOW, TENANT, UID, create, move, performed, put
from tests.routing.subscribers import Subscriber
from tests.waiting import free_port, wait_until


@contextmanager
def reporting(database: Database, folder: Path, subscriber: Subscriber) -> Iterator[LocalBus]:
    stop, bus = threading.Event(), LocalBus(bus_directory(folder))
    loop = WorkitemReportLoop(database, bus, find=subscriber.find)
    thread = threading.Thread(target=loop.run, args=(stop,))
    thread.start()
    try:
        yield bus
    finally:
        stop.set()
        bus.publish("notices")
        thread.join()
        bus.close()


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    with Database(sqlite_url) as database:
        yield database


def watch(database: Database, uid: str = GLOBAL, ae_title: str = "WATCHER") -> None:
    database.write(subscribe, TENANT, uid, ae_title, Channel.DIMSE, now=NOW)


def test_a_subscriber_is_told_everything_in_order(sqlite: Database, tmp_path: Path) -> None:
    watch(sqlite)
    create(sqlite, ScheduledStationNameCodeSequence=[{"CodeValue": "E", "CodingSchemeDesignator": "99T"}])
    move(sqlite, "IN PROGRESS")
    said = {"ProcedureStepProgress": "40", "ProcedureStepProgressDescription": "Lunge für Änne"}
    put(sqlite, {"ProcedureStepProgressInformationSequence": [said]}, lock=LOCK)
    put(sqlite, performed(), lock=LOCK)
    move(sqlite, "COMPLETED")
    with Subscriber().listening() as subscriber, reporting(sqlite, tmp_path, subscriber):
        wait_until(lambda: len(subscriber.told) == 5, what="the reports")
    assert [event for event, _, _ in subscriber.told] == [1, 5, 1, 3, 1]
    assert subscriber.states() == ["SCHEDULED", "IN PROGRESS", "COMPLETED"]
    assert {uid for _, uid, _ in subscriber.told} == {UID}
    assert subscriber.classes == {PUSH}
    (progress,) = subscriber.told[3][2].ProcedureStepProgressInformationSequence
    assert (progress.ProcedureStepProgress, progress.ProcedureStepProgressDescription) == (40, "Lunge für Änne")
    assert subscriber.told[0][2].InputReadinessState == "READY"
    assert subscriber.associations == 1


def test_a_value_that_is_none_holds_up_no_report(sqlite: Database, tmp_path: Path) -> None:
    watch(sqlite)
    create(sqlite)
    move(sqlite, "IN PROGRESS")
    odd = {"ProcedureStepProgress": "1", "Rows": "many", "PatientWeight": "heavy", "ContactURI": "\u0000x"}
    put(sqlite, {"ProcedureStepProgressInformationSequence": [odd]}, lock=LOCK)
    put(sqlite, performed(), lock=LOCK)
    move(sqlite, "COMPLETED")
    with Subscriber().listening() as subscriber, reporting(sqlite, tmp_path, subscriber):
        wait_until(lambda: subscriber.states()[-1:] == ["COMPLETED"], what="the reports")
    assert [event for event, _, _ in subscriber.told] == [1, 1, 3, 1]


def test_what_is_not_taken_is_sent_again_before_what_comes_after_it(sqlite: Database, tmp_path: Path) -> None:
    watch(sqlite)
    create(sqlite)
    move(sqlite, "IN PROGRESS")
    refusing = Subscriber(statuses=(0x0110, 0))
    with refusing.listening() as subscriber, reporting(sqlite, tmp_path, subscriber):
        wait_until(lambda: len(subscriber.told) == 3, what="the reports", seconds=30)
    assert refusing.states() == ["SCHEDULED", "SCHEDULED", "IN PROGRESS"]


def test_reports_wait_for_a_subscriber_that_is_away(sqlite: Database, tmp_path: Path) -> None:
    watch(sqlite)
    create(sqlite)
    away = Subscriber(port=free_port())
    with reporting(sqlite, tmp_path, away):
        wait_until(lambda: _row(sqlite)["attempt"] > 0, what="an attempt")
        assert _row(sqlite)["status"] == "queued"
        with away.listening(away.port):
            wait_until(lambda: len(away.told) == 1, what="the report", seconds=30)


def test_reports_for_an_ae_that_is_not_configured_any_more_are_given_up(sqlite: Database, tmp_path: Path) -> None:
    watch(sqlite, ae_title="FORMER")
    create(sqlite)
    with reporting(sqlite, tmp_path, Subscriber()):
        wait_until(lambda: _row(sqlite)["status"] == "failed", what="the end")
    assert "no remote AE" in _row(sqlite)["error"]


def test_subscribers_are_told_of_a_restart(sqlite: Database, tmp_path: Path) -> None:
    watch(sqlite)
    assert sqlite.write(tell_restart, now=NOW) == 1
    with Subscriber().listening() as subscriber, reporting(sqlite, tmp_path, subscriber):
        wait_until(lambda: len(subscriber.told) == 1, what="the report")
    event, uid, information = subscriber.told[0]
    assert (event, uid, information.SCPStatus) == (4, GLOBAL, "RESTARTED")
    assert (information.SubscriptionListStatus, information.UnifiedProcedureStepListStatus) == (
        "WARM START",
        "WARM START",
    )


def _row(database: Database) -> Any:
    return database.read(outbox.row_of, workitem_report, 1)
