"""Jobs of the node as workitems, and workitems that become jobs (PS3.4 Section CC.1.1)."""

from collections.abc import Sequence
from typing import Any

import pytest

from archive import jobs, results, workitem_adoption
from archive.attribute_lists import items, text
from archive.claims import release_expired
from archive.database import Database
from archive.job_states import JobState
from archive.result_rows import NewResult
from archive.workitem_errors import AlreadyInProgress, PerformedHere, WrongTransaction
from archive.workitem_performing import Performing
from archive.workitem_reports import waiting
from archive.workitem_search import Source, page
from archive.workitem_states import Channel
from archive.workitem_subscriptions import GLOBAL, subscribe
from tests.archive.index_rows import add_instance
from tests.archive.node_rows import SERIES, SR_CLASS, START, STUDY, claim, produced, settled_series, types
from tests.archive.workitem_data import (
    LOCK,
    OTHER_LOCK,
    TENANT,
    UID,
    ask_to_cancel,
    create,
    move,
    output,
    performed,
    put,
    shown,
    state,
)

ENGINE = Performing(external={"lungs": 60.0})
NOW = START + 20
SR_SERIES, SR = "1.2.3.9", "1.2.3.9.1"


def workitems(database: Database) -> Sequence[Any]:
    return database.read(page, TENANT, {}).entries


def only_uid(database: Database) -> str:
    (found,) = workitems(database)
    return text(found, "SOPInstanceUID")


def job(database: Database) -> dict[str, Any]:
    return database.read(jobs.listing, TENANT).items[0]


def progress(database: Database, uid: str) -> Any:
    return items(shown(database, uid), "ProcedureStepProgressInformationSequence")[0]


def store_report(database: Database, study_uid: str = STUDY) -> None:
    about = {"modality": "SR"}
    database.write(add_instance, uids=(study_uid, SR_SERIES, SR), of_series=about, sop_class_uid=SR_CLASS)


def test_a_job_is_a_scheduled_workitem_that_says_what_to_fetch_and_where(database: Database) -> None:
    settled_series(database, "lungs")
    found = shown(database, only_uid(database), Source(ae_title="ISOCENTER", base_url="http://node/dicom-web"))
    assert (text(found, "ProcedureStepState"), text(found, "InputReadinessState")) == ("SCHEDULED", "READY")
    (work,) = items(found, "ScheduledWorkitemCodeSequence")
    assert (text(work, "CodeValue"), text(work, "CodingSchemeDesignator")) == ("lungs", "99ISOCENTER")
    (images,) = items(found, "InputInformationSequence")
    assert (text(images, "StudyInstanceUID"), text(images, "SeriesInstanceUID")) == (STUDY, SERIES)
    (reference,) = items(images, "ReferencedSOPSequence")
    assert text(reference, "ReferencedSOPInstanceUID") == f"{SERIES}.1"
    assert text(items(images, "DICOMRetrievalSequence")[0], "RetrieveAETitle") == "ISOCENTER"
    (web,) = items(images, "WADORSRetrievalSequence")
    assert text(web, "RetrieveURL") == f"http://node/dicom-web/studies/{STUDY}/series/{SERIES}"


def test_a_workitem_follows_its_job_to_the_end(database: Database) -> None:
    settled_series(database, "lungs")
    uid = only_uid(database)
    claimed = claim(database)
    assert state(database, uid) == "IN PROGRESS"
    database.write(jobs.progress, claimed.id, claimed.token, 40, "looking", now=NOW)
    told = progress(database, uid)
    assert text(told, "ProcedureStepProgress") == "40"
    assert text(told, "ProcedureStepProgressDescription") == "looking"
    database.write(jobs.complete, claimed.id, claimed.token, produced(claimed), now=NOW)
    found = shown(database, uid)
    assert text(found, "ProcedureStepState") == "COMPLETED"
    (done,) = items(found, "UnifiedProcedureStepPerformedProcedureSequence")
    (made,) = items(done, "OutputInformationSequence")
    assert text(items(made, "ReferencedSOPSequence")[0], "ReferencedSOPInstanceUID") == f"{SERIES}.9.0.1"


@pytest.mark.parametrize("end", ["fail", "skip", "cancel"])
def test_a_job_that_does_not_end_well_is_a_canceled_workitem_with_the_reason(database: Database, end: str) -> None:
    settled_series(database, "lungs")
    uid = only_uid(database)
    claimed = claim(database)
    if end == "fail":
        database.write(jobs.fail, claimed.id, claimed.token, "no lungs", attempts=1, now=NOW)
    elif end == "skip":
        database.write(jobs.skip, claimed.id, claimed.token, "no lungs", now=NOW)
    else:
        database.write(jobs.confirm_cancel, claimed.id, claimed.token, reason="no lungs", now=NOW)
    assert state(database, uid) == "CANCELED"
    assert text(progress(database, uid), "ReasonForCancellation") == "no lungs"


def test_an_attempt_that_is_repeated_leaves_its_workitem_in_progress(database: Database) -> None:
    settled_series(database, "lungs")
    claimed = claim(database)
    database.write(jobs.fail, claimed.id, claimed.token, "crashed", attempts=3, now=NOW)
    assert job(database)["status"] == "PENDING"
    assert state(database, only_uid(database)) == "IN PROGRESS"


def test_a_job_that_begins_anew_has_a_new_workitem(database: Database) -> None:
    settled_series(database, "lungs")
    database.write(jobs.cancel, TENANT, int(job(database)["id"]), principal="ada", now=NOW)
    database.write(jobs.retry, TENANT, int(job(database)["id"]), principal="ada", now=NOW)
    states = [text(found, "ProcedureStepState") for found in workitems(database)]
    assert states == ["CANCELED", "SCHEDULED"]


def test_a_series_that_nobody_analyses_is_no_workitem(database: Database) -> None:
    settled_series(database)
    assert job(database)["status"] == "SKIPPED"
    assert workitems(database) == ()


def test_a_step_of_an_analyzer_of_the_node_cannot_be_claimed_by_others(database: Database) -> None:
    settled_series(database, "lungs")
    with pytest.raises(PerformedHere):
        move(database, "IN PROGRESS", uid=only_uid(database))
    assert job(database)["status"] == "PENDING"


def test_an_external_performer_claims_a_job_tells_of_progress_and_completes_it(database: Database) -> None:
    settled_series(database, "lungs")
    uid = only_uid(database)
    move(database, "IN PROGRESS", uid=uid, performing=ENGINE, now=NOW)
    assert (job(database)["status"], state(database, uid)) == ("ANALYZING", "IN PROGRESS")
    said = {"ProcedureStepProgress": "40", "ProcedureStepProgressDescription": "looking"}
    put(database, {"ProcedureStepProgressInformationSequence": [said]}, lock=LOCK, uid=uid, performing=ENGINE)
    assert (job(database)["progress"], job(database)["progress_text"]) == (40, "looking")
    store_report(database)
    outputs = performed(output(STUDY, SR_SERIES, (SR_CLASS, SR)))
    put(database, outputs, lock=LOCK, uid=uid, performing=ENGINE)
    delivered: list[NewResult] = []
    deliver = Performing(external=ENGINE.external, deliver=lambda _connection, _tenant, new: delivered.append(new))
    move(database, "COMPLETED", uid=uid, performing=deliver, now=NOW)
    assert (job(database)["status"], state(database, uid)) == ("COMPLETE", "COMPLETED")
    (result,) = database.read(results.listing, TENANT).items
    assert (result["sop_instance_uid"], result["modality"], result["analyzer"]) == (SR, "SR", "lungs")
    assert [new.sop_instance_uid for new in delivered] == [SR]
    told = types(database, without=["instance.stored"])
    order = ["job.pending", "job.analyzing", "job.progress", "result.stored", "job.complete"]
    assert told == ["series.complete", *order]


def test_only_objects_of_the_study_become_results_and_never_the_images(database: Database) -> None:
    settled_series(database, "lungs")
    uid = only_uid(database)
    move(database, "IN PROGRESS", uid=uid, performing=ENGINE)
    store_report(database, "1.2.99")
    listed = performed(
        output("1.2.99", SR_SERIES, (SR_CLASS, SR)),
        output(STUDY, SERIES, ("1.2.840.10008.5.1.4.1.1.2", f"{SERIES}.1")),
        output(STUDY, SR_SERIES, (SR_CLASS, "1.2.3.404")),
    )
    put(database, listed, lock=LOCK, uid=uid, performing=ENGINE)
    move(database, "COMPLETED", uid=uid, performing=ENGINE)
    assert database.read(results.listing, TENANT).items == []
    assert job(database)["status"] == "COMPLETE"


def test_a_claimed_job_is_nobody_elses(database: Database) -> None:
    settled_series(database, "lungs")
    uid = only_uid(database)
    move(database, "IN PROGRESS", uid=uid, performing=ENGINE)
    with pytest.raises(AlreadyInProgress):
        move(database, "IN PROGRESS", OTHER_LOCK, uid=uid, performing=ENGINE)
    with pytest.raises(WrongTransaction):
        put(database, performed(), lock=OTHER_LOCK, uid=uid, performing=ENGINE)
    assert database.write(jobs.claim, worker_id="w", lease_seconds=1, now=NOW) is None


def test_what_its_performer_cancels_has_failed_with_the_reason(database: Database) -> None:
    settled_series(database, "lungs")
    uid = only_uid(database)
    move(database, "IN PROGRESS", uid=uid, performing=ENGINE)
    why = {"ProcedureStepProgressInformationSequence": [{"ReasonForCancellation": "no lungs"}]}
    put(database, why, lock=LOCK, uid=uid, performing=ENGINE)
    move(database, "CANCELED", uid=uid, performing=ENGINE)
    assert (job(database)["status"], job(database)["error"]) == ("FAILED", "no lungs")
    assert state(database, uid) == "CANCELED"


def test_what_was_asked_to_be_canceled_is_canceled_by_its_performer(database: Database) -> None:
    settled_series(database, "lungs")
    uid = only_uid(database)
    database.write(subscribe, TENANT, uid, "ENGINE", Channel.DIMSE, now=NOW)
    move(database, "IN PROGRESS", uid=uid, performing=ENGINE)
    ask_to_cancel(database, uid)
    assert job(database)["cancel_requested"]
    asked = [each for each in database.read(waiting, TENANT, "ENGINE", Channel.DIMSE) if each.event_type == 2]
    assert [text(each.information, "ReasonForCancellation") for each in asked] == ["not needed"]
    move(database, "CANCELED", uid=uid, performing=ENGINE)
    assert (job(database)["status"], state(database, uid)) == ("CANCELED", "CANCELED")


def test_a_job_that_waits_is_canceled_by_request_of_its_workitem(database: Database) -> None:
    settled_series(database, "lungs")
    uid = only_uid(database)
    ask_to_cancel(database, uid)
    assert (job(database)["status"], state(database, uid)) == ("CANCELED", "CANCELED")
    assert job(database)["error"] == "canceled by RIS: not needed"


def test_a_performer_that_is_not_heard_of_loses_the_step_and_it_is_scheduled_anew(database: Database) -> None:
    settled_series(database, "lungs")
    uid = only_uid(database)
    move(database, "IN PROGRESS", uid=uid, performing=ENGINE, now=NOW)
    assert database.write(release_expired, now=NOW + 59, attempts=3) == 0
    assert database.write(release_expired, now=NOW + 61, attempts=3) == 1
    lost, again = workitems(database)
    assert (text(lost, "SOPInstanceUID"), text(lost, "ProcedureStepState")) == (uid, "CANCELED")
    assert text(again, "ProcedureStepState") == "SCHEDULED"
    (replaced,) = items(again, "ReplacedProcedureStepSequence")
    assert text(replaced, "ReferencedSOPInstanceUID") == uid
    move(database, "IN PROGRESS", uid=text(again, "SOPInstanceUID"), performing=ENGINE)
    assert job(database)["attempt"] == 2


def wanted(**changes: Any) -> dict[str, Any]:
    code = {"CodeValue": "lungs", "CodingSchemeDesignator": "99ISOCENTER", "CodeMeaning": "lungs"}
    images = {"TypeOfInstances": "DICOM", "StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES}
    return {"ScheduledWorkitemCodeSequence": [code], "InputInformationSequence": [images], **changes}


def adopt(database: Database, version: str = "1.0") -> int:
    versions = {"lungs": version}
    found = database.read(workitem_adoption.waiting, versions)
    for each in found:
        database.write(workitem_adoption.adopt, each, versions, now=NOW)
    return len(found)


def test_a_workitem_scheduled_for_an_analyzer_becomes_its_job(database: Database) -> None:
    settled_series(database)
    create(database, **wanted(ScheduledProcedureStepPriority="HIGH"))
    assert adopt(database) == 1
    made = job(database)
    assert (made["analyzer"], made["status"], made["priority"]) == ("lungs", "PENDING", 1)
    assert len(workitems(database)) == 1
    claim(database)
    assert state(database) == "IN PROGRESS"


def test_a_workitem_waits_for_its_series(database: Database) -> None:
    create(database, **wanted())
    assert adopt(database) == 0
    settled_series(database, "lungs")
    assert [text(found, "SOPInstanceUID") for found in workitems(database)] == [UID]
    claim(database)
    assert state(database) == "IN PROGRESS"


@pytest.mark.parametrize(("present", "expected"), [("ANALYZING", "IN PROGRESS"), ("COMPLETE", "COMPLETED")])
def test_a_workitem_joins_the_job_that_there_is(database: Database, present: str, expected: str) -> None:
    settled_series(database, "lungs")
    claimed = claim(database)
    if present == "COMPLETE":
        database.write(jobs.complete, claimed.id, claimed.token, produced(claimed), now=NOW)
    create(database, **wanted())
    assert adopt(database) == 1
    assert state(database) == expected
    assert len(database.read(jobs.listing, TENANT).items) == 1


def test_a_job_that_failed_begins_anew_for_a_workitem(database: Database) -> None:
    settled_series(database, "lungs")
    claimed = claim(database)
    database.write(jobs.fail, claimed.id, claimed.token, "crashed", attempts=1, now=NOW)
    create(database, **wanted())
    adopt(database)
    assert job(database)["status"] == JobState.PENDING.value
    assert state(database) == "SCHEDULED"


def test_a_workitem_for_nobody_here_is_left_to_others(database: Database) -> None:
    settled_series(database)
    create(database)
    assert adopt(database) == 0
    move(database, "IN PROGRESS")
    assert state(database) == "IN PROGRESS"


def test_watchers_of_everything_are_told_of_jobs(database: Database) -> None:
    database.write(subscribe, TENANT, GLOBAL, "WATCHER", Channel.DIMSE, now=NOW)
    settled_series(database, "lungs")
    claim(database)
    told = database.read(waiting, TENANT, "WATCHER", Channel.DIMSE)
    assert [text(each.information, "ProcedureStepState") for each in told if each.event_type == 1] == [
        "SCHEDULED",
        "IN PROGRESS",
    ]
