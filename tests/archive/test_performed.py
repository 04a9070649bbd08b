"""A series whose instances a completed procedure step lists is not waited for."""

from typing import Any

import pytest

from archive import associations, procedure_steps, settling
from archive.attribute_lists import from_keywords
from archive.database import Database
from archive.procedure_states import StepState
from tests.archive.node_rows import QUIET, SERIES, START, STUDY, TENANT, arrive, settle, types

STEP_UID = "1.2.826.0.1.3680043.8.498.8"


def report(database: Database, numbers: range, *, state: str = "COMPLETED", tenant: str = TENANT) -> None:
    """Do what a modality does: begin a step and end it, with these instances."""
    begun = {
        "ScheduledStepAttributesSequence": [{"StudyInstanceUID": STUDY}],
        "PerformedProcedureStepID": "1",
        "PerformedStationAETitle": "CT1",
        "PerformedProcedureStepStartDate": "20260706",
        "PerformedProcedureStepStartTime": "0930",
        "PerformedProcedureStepStatus": "IN PROGRESS",
        "Modality": "CT",
    }
    references = [{"ReferencedSOPInstanceUID": f"{SERIES}.{number}"} for number in numbers]
    series = {"SeriesInstanceUID": SERIES, "ProtocolName": "Thorax", "ReferencedImageSequence": references}
    ended = {
        "PerformedProcedureStepStatus": state,
        "PerformedProcedureStepEndDate": "20260706",
        "PerformedProcedureStepEndTime": "0945",
        "PerformedSeriesSequence": [series],
    }
    who: dict[str, Any] = {"calling_ae_title": "CT1", "now": START}
    database.write(procedure_steps.create, tenant, STEP_UID, from_keywords(begun), **who)
    became = database.write(procedure_steps.change, tenant, STEP_UID, from_keywords(ended), **who)
    assert became is StepState(state)


def bring(database: Database, numbers: range, *, at: float = START) -> None:
    for number in numbers:
        database.write(arrive, number, at=at)


@pytest.mark.parametrize("report_first", [True, False])
def test_a_series_with_all_listed_instances_settles_without_the_quiet_time(
    database: Database, report_first: bool
) -> None:
    if report_first:
        report(database, range(3))
    bring(database, range(3))
    if not report_first:
        report(database, range(3))
    assert settle(database, START + 1) == 1
    assert "series.complete" in types(database)


def test_an_open_association_does_not_hold_it_back(database: Database) -> None:
    opened = database.write(
        associations.opened,
        tenant=TENANT,
        calling_ae_title="MODALITY1",
        called_ae_title="ISOCENTER",
        address="192.0.2.7",
        listener="listener",
        now=START,
    )
    report(database, range(2))
    for number in range(2):
        database.write(arrive, number, association_id=opened)
    assert settle(database, START + 1) == 1


def test_the_settling_loop_is_told_that_it_is_due(database: Database) -> None:
    bring(database, range(3))
    database.write(settling.collect_arrivals, START + 1)
    database.write(settling.collect_arrivals, START + 2)
    assert database.read(settling.next_due, now=START + 2, quiet_seconds=QUIET) == START + QUIET
    report(database, range(3))
    assert database.read(settling.next_due, now=START + 2, quiet_seconds=QUIET) == START + 2


def test_a_series_that_lacks_a_listed_instance_waits(database: Database) -> None:
    report(database, range(4))
    bring(database, range(3))
    assert settle(database, START + 1) == 0
    assert settle(database, START + QUIET) == 1


def test_a_series_with_an_instance_that_is_not_listed_waits(database: Database) -> None:
    report(database, range(2))
    bring(database, range(3))
    assert settle(database, START + 1) == 0
    assert settle(database, START + QUIET) == 1


def test_images_after_the_listed_ones_open_the_series_as_ever(database: Database) -> None:
    report(database, range(3))
    bring(database, range(3))
    assert settle(database, START + 1) == 1
    bring(database, range(3, 4), at=START + 2)
    assert settle(database, START + 3) == 0
    assert settle(database, START + 2 + QUIET) == 1


def test_a_discontinued_step_lists_nothing(database: Database) -> None:
    report(database, range(3), state="DISCONTINUED")
    bring(database, range(3))
    assert settle(database, START + 1) == 0


def test_the_step_of_another_tenant_lists_nothing(database: Database) -> None:
    report(database, range(3), tenant="other")
    bring(database, range(3))
    assert settle(database, START + 1) == 0
