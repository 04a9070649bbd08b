"""Jobs and deliveries as people steer them."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from access.permissions import Role
from analysis.registry import open_registry
from archive import deliveries, jobs
from archive.bus import Subscription
from config.settings import Settings
from tests.api.serving import Served, serving
from tests.archive.node_rows import SERIES, START, STUDY, claim, settled_series


@contextlib.contextmanager
def _listening(node: Served, topic: str) -> Iterator[Subscription]:
    subscription = node.bus.subscribe(topic)
    try:
        yield subscription
    finally:
        subscription.close()


def test_a_waiting_job_is_canceled_and_run_again(any_node: Served) -> None:
    settled_series(any_node.database, "mock")
    with any_node.as_role(Role.CLINICIAN) as client, _listening(any_node, "jobs") as wake:
        pending = {"study_uid": str(STUDY), "status": "PENDING", "attempt": "1", "progress": "0"}
        (job,) = client.get("/api/v1/jobs", params=pending).json()["items"]
        canceled = client.post(f"/api/v1/jobs/{job['id']}/cancel")
        assert (canceled.status_code, canceled.json()["status"]) == (202, "CANCELED")
        assert client.post(f"/api/v1/jobs/{job['id']}/cancel").status_code == 409
        assert client.get(f"/api/v1/studies/{STUDY}/status").json()["jobs"]["CANCELED"] == 1
        again = client.post(f"/api/v1/jobs/{job['id']}/retry")
        assert (again.status_code, again.json()["status"], again.json()["attempt"]) == (202, "PENDING", 1)
        assert wake.wait(5)
        assert client.get(f"/api/v1/jobs/{job['id']}").json() == again.json()


def test_a_job_that_is_analysed_is_asked_to_stop(node: Served) -> None:
    settled_series(node.database, "mock")
    claimed = claim(node.database)
    with node.as_role(Role.CLINICIAN) as client:
        asked = client.post(f"/api/v1/jobs/{claimed.id}/cancel").json()
        assert (asked["status"], asked["cancel_requested"]) == ("ANALYZING", True)
        assert client.post(f"/api/v1/jobs/{claimed.id}/retry").status_code == 409
    node.database.write(jobs.confirm_cancel, claimed.id, claimed.token, now=START + 20)
    with node.as_role(Role.SERVICE) as program:
        assert program.get(f"/api/v1/jobs/{claimed.id}").json()["status"] == "CANCELED"
        assert program.post(f"/api/v1/jobs/{claimed.id}/retry").status_code == 403


def test_a_failed_delivery_is_sent_again(any_node: Served) -> None:
    any_node.database.write(
        deliveries.enqueue,
        "default",
        study_uid=STUDY,
        series_uid=SERIES,
        sop_instance_uids=[f"{SERIES}.1"],
        destination="PACS1",
        cause="manual",
        now=START,
    )
    with any_node.as_admin() as admin, _listening(any_node, "deliveries") as wake:
        (queued,) = admin.get("/api/v1/deliveries", params={"destination": "PACS1", "status": "queued"}).json()["items"]
        again = admin.post(f"/api/v1/deliveries/{queued['id']}/retry")
        assert (again.status_code, again.json()["status"]) == (202, "queued")
        assert wake.wait(5)
        assert admin.post("/api/v1/deliveries/999/retry").status_code == 404


def test_installed_analyzers_are_listed(sqlite_url: str, tmp_path: Path) -> None:
    declared = Settings.model_validate({"data_dir": tmp_path, "database": {"url": sqlite_url}})
    with (
        serving(sqlite_url, tmp_path, analyzers=open_registry(declared).listing) as node,
        node.as_role(Role.SERVICE) as program,
    ):
        items = program.get("/api/v1/analyzers").json()["items"]
    by_name = {item["name"]: item for item in items}
    assert by_name["mock-ct-chest"]["is_mock"] is True
    assert by_name["ct-lung-densitometry"]["is_mock"] is False
    assert all(item["enabled"] and item["loaded"] and item["version"] for item in items)
