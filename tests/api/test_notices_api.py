"""What was asked to be committed, and who was told of series, as an administrator sees it."""

from access.permissions import Role
from archive import availability, commitments
from archive.commitments import Reference
from tests.api.serving import Served

START = 1_700_000_000.0


def test_requests_for_commitment_are_listed(any_node: Served) -> None:
    any_node.database.write(
        commitments.request,
        "default",
        transaction_uid="1.2.3",
        ae_title="CT1",
        destination="CT1",
        items=[Reference("1.2.840.10008.5.1.4.1.1.2", "1.2.4")],
        here=False,
        now=START,
    )
    with any_node.as_role(Role.SERVICE) as client:
        (item,) = client.get("/api/v1/commitments", params={"status": "requested", "ae_title": "CT1"}).json()["items"]
        assert (item["transaction_uid"], item["objects"], item["not_committed"]) == ("1.2.3", 1, 0)
        assert client.get("/api/v1/commitments", params={"status": "failed"}).json()["items"] == []


def test_notifications_are_listed(any_node: Served) -> None:
    any_node.database.write(
        availability.enqueue, "default", study_uid="1.2", series_uid="1.2.3", destinations=["RIS"], now=START
    )
    with any_node.as_role(Role.CLINICIAN) as client:
        (item,) = client.get("/api/v1/notifications", params={"destination": "RIS"}).json()["items"]
    assert (item["series_uid"], item["status"], item["attempt"]) == ("1.2.3", "queued", 0)
