"""Peers that we asked for commitment report on an association of theirs, as pynetdicom does in the role of the SCP."""

import time

import pytest
from pydicom import Dataset
from pynetdicom import AE, build_role

from archive import asked_commitments, deliveries
from tests.scp.requester import COMMITMENT, INSTANCE, action
from tests.scp.running import Node
from tests.scp.samples import CT_IMAGE_STORAGE

TRANSACTION = "1.2.3.4.5"


@pytest.fixture
def asked(node: Node) -> None:
    """Two objects were sent to PACS1, which was asked whether it keeps them."""
    node.rules.allowed |= {"PACS1": frozenset({"commit"}), "PACS2": frozenset({"commit"})}
    uids, now = ["1.2.1", "1.2.2"], time.time()
    node.database.write(
        deliveries.enqueue,
        "default",
        study_uid="1.2",
        series_uid="1.2.0",
        sop_instance_uids=uids,
        destination="PACS1",
        cause="manual",
        now=now,
    )
    claims = node.database.write(
        deliveries.claim_batch, worker_id="w", destination="PACS1", limit=2, lease_seconds=60, now=now
    )
    ids = {claim.sop_instance_uid: claim.id for claim in claims}
    node.database.write(deliveries.mark_sent, list(ids.values()), worker_id="w", now=now)
    node.database.write(
        asked_commitments.remember,
        "default",
        transaction_uid=TRANSACTION,
        destination="PACS1",
        deliveries=ids,
        now=now,
    )


def report(node: Node, information: Dataset, *, kind: int = 1, instance: str = INSTANCE, calling: str = "PACS1") -> int:
    ae = AE(ae_title=calling)
    ae.add_requested_context(COMMITMENT)
    role = build_role(COMMITMENT, scp_role=True)
    association = ae.associate("127.0.0.1", node.port, ae_title="ISOCENTER", ext_neg=[role])
    assert association.is_established
    try:
        assert association.accepted_contexts[0].as_scp
        association._reactor_checkpoint.clear()
        time.sleep(0.02)
        status, _ = association.send_n_event_report(information, kind, COMMITMENT, instance)
    finally:
        association.release()
    return int(status.Status)


def kept(*sop_instance_uids: str, transaction_uid: str = TRANSACTION) -> Dataset:
    return action(*((CT_IMAGE_STORAGE, uid) for uid in sop_instance_uids), transaction_uid=transaction_uid)


def states(node: Node) -> dict[str, str]:
    items = node.database.read(deliveries.listing, "default").items
    return {item["sop_instance_uid"]: item["status"] for item in items}


@pytest.mark.usefixtures("asked")
def test_what_is_kept_is_confirmed(node: Node) -> None:
    assert report(node, kept("1.2.1", "1.2.2")) == 0
    assert states(node) == {"1.2.1": "confirmed", "1.2.2": "confirmed"}


@pytest.mark.usefixtures("asked")
def test_what_is_not_kept_stays_sent(node: Node) -> None:
    information = kept("1.2.1", "9.9.9")
    information.FailedSOPSequence = kept("1.2.2").ReferencedSOPSequence
    assert report(node, information, kind=2) == 0
    assert states(node) == {"1.2.1": "confirmed", "1.2.2": "sent"}


@pytest.mark.usefixtures("asked")
def test_b45_nobody_reports_for_somebody_else(node: Node) -> None:
    assert report(node, kept("1.2.1"), calling="PACS2") == 0x0115
    assert report(node, kept("1.2.1", transaction_uid="1.2.3")) == 0x0115
    assert set(states(node).values()) == {"sent"}


@pytest.mark.usefixtures("asked")
def test_another_event_or_instance_is_refused(node: Node) -> None:
    assert report(node, kept("1.2.1"), kind=7) == 0x0113
    assert report(node, kept("1.2.1"), instance="1.2.3") == 0x0112
    assert set(states(node).values()) == {"sent"}
