"""What belongs to another tenant is not there: 404, never 403 (it would tell that it exists)."""

import time

import pytest

from access import apikeys
from access.permissions import Role
from archive import deliveries, results
from tests.api.serving import Served
from tests.archive.node_rows import SERIES, START, STUDY, claim, produced, settled_series


def _fill(node: Served) -> str:
    """Put a study with a job, a result and a delivery into the default tenant; return the key of another's admin."""
    settled_series(node.database, "mock")
    node.database.write(results.record, "default", produced(claim(node.database)), now=START)
    node.database.write(
        deliveries.enqueue,
        "default",
        study_uid=STUDY,
        series_uid=SERIES,
        sop_instance_uids=[f"{SERIES}.1"],
        destination="PACS1",
        cause="manual",
        now=START,
    )
    _, key = node.database.write(apikeys.create, name="other", role=Role.ADMIN, tenant="other", now=time.time())
    return key


@pytest.mark.parametrize("collection", ["studies", "jobs", "results", "deliveries", "audit", "users"])
def test_collections_show_ones_own_only(node: Served, collection: str) -> None:
    key = _fill(node)
    with node.as_admin() as ours, node.anonymous(Authorization=f"Bearer {key}") as theirs:
        assert ours.get(f"/api/v1/{collection}").status_code == 200
        items = theirs.get(f"/api/v1/{collection}").json()["items"]
    assert STUDY not in str(items)
    # The other tenant's own key is on its own record.
    assert {item["action"] for item in items} == {"apikey.created"} if collection == "audit" else items == []


def test_what_belongs_to_others_is_not_there(node: Served) -> None:
    key = _fill(node)
    paths = [
        ("GET", f"/api/v1/studies/{STUDY}/status"),
        ("DELETE", f"/api/v1/studies/{STUDY}"),
        ("GET", "/api/v1/jobs/1"),
        ("POST", "/api/v1/jobs/1/cancel"),
        ("POST", "/api/v1/jobs/1/retry"),
        ("GET", "/api/v1/results/1"),
        ("GET", "/api/v1/results/1/object"),
        ("POST", "/api/v1/results/1/accept"),
        ("POST", "/api/v1/deliveries/1/retry"),
    ]
    with node.as_admin() as ours, node.anonymous(Authorization=f"Bearer {key}") as theirs:
        assert [theirs.request(*each).status_code for each in paths] == [404] * len(paths)
        assert theirs.post("/api/v1/results/1/reject", json={"reason": "x"}).status_code == 404
        assert theirs.get("/api/v1/events").json() == {"items": [], "last_seq": 0}
        assert theirs.get("/api/v1/statistics").json()["instances"] == 0
        assert ours.get("/api/v1/jobs/1").status_code == 200
