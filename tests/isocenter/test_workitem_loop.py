"""The loop that makes jobs of workitems."""

import threading
from contextlib import closing
from pathlib import Path

from archive import jobs
from archive.bus import bus_directory
from archive.database import Database
from archive.local_bus import LocalBus
from archive.workitem_reports import waiting
from archive.workitem_states import Channel
from archive.workitem_subscriptions import GLOBAL, subscribe
from isocenter.workitem_loop import WorkitemLoop
from tests.archive.node_rows import SERIES, STUDY, settled_series
from tests.archive.workitem_data import NOW, TENANT, create, state
from tests.waiting import wait_until


def test_a_workitem_for_an_analyzer_becomes_a_job_and_watchers_hear_of_the_start(
    sqlite_url: str, tmp_path: Path
) -> None:
    code = {"CodeValue": "lungs", "CodingSchemeDesignator": "99ISOCENTER", "CodeMeaning": "lungs"}
    images = {"TypeOfInstances": "DICOM", "StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES}
    stop = threading.Event()
    with Database(sqlite_url) as database, closing(LocalBus(bus_directory(tmp_path))) as bus:
        settled_series(database)
        database.write(subscribe, TENANT, GLOBAL, "WATCHER", Channel.DIMSE, now=NOW)
        thread = threading.Thread(target=WorkitemLoop(database, bus, versions={"lungs": "2"}).run, args=(stop,))
        thread.start()
        try:
            create(database, ScheduledWorkitemCodeSequence=[code], InputInformationSequence=[images])
            bus.publish("jobs")
            wait_until(lambda: database.read(jobs.listing, TENANT, analyzer="lungs").items, what="the job")
        finally:
            stop.set()
            bus.publish("jobs")
            thread.join()
        (job,) = database.read(jobs.listing, TENANT, analyzer="lungs").items
        assert (job["status"], job["version"], state(database)) == ("PENDING", "2", "SCHEDULED")
        kinds = [report.event_type for report in database.read(waiting, TENANT, "WATCHER", Channel.DIMSE)]
        assert kinds.count(4) == 1
