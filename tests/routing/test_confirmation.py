"""Asking a peer whether it keeps what it was sent."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pynetdicom import evt

from archive.retrieve import StoredInstance
from routing import confirmation
from routing.confirmation import COMMITMENT, STUDY_ROOT_FIND, Means, confirm
from routing.errors import Unreachable
from tests.routing.peers import EXPLICIT, Files, peer, scp
from tests.waiting import free_port


@pytest.fixture
def instances(tmp_path: Path) -> list[StoredInstance]:
    files = Files(tmp_path)
    return [files.add(b"") for _ in range(2)]


class Committing:
    """A peer that reports on the same association, in which the first object is there and the others are not."""

    def __init__(self, *, transaction: str | None = None) -> None:
        self.handlers = [(evt.EVT_N_ACTION, self._act)]
        self.answer: int | None = None
        self.asked: list[str] = []
        self._transaction = transaction

    def _act(self, event: evt.Event) -> tuple[int, None]:
        information = event.action_information
        self.asked.append(information.TransactionUID)
        report = Dataset()
        report.TransactionUID = self._transaction or information.TransactionUID
        report.ReferencedSOPSequence = [information.ReferencedSOPSequence[0]]
        failed = information.ReferencedSOPSequence[1]
        failed.FailureReason = 0x0112
        report.FailedSOPSequence = [failed]
        threading.Thread(target=self._report, args=(event.assoc, report)).start()
        return 0, None

    def _report(self, association: Any, report: Dataset) -> None:
        status, _ = association.send_n_event_report(report, 2, COMMITMENT, "1.2.840.10008.1.20.1.1")
        self.answer = status.Status


def found(known: set[str]) -> list[Any]:
    """Handlers of a peer that finds these SOP instances."""

    def find(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        identifier = event.identifier
        assert identifier.QueryRetrieveLevel == "IMAGE"
        assert identifier.StudyInstanceUID
        if identifier.SOPInstanceUID in known:
            yield 0xFF00, identifier

    return [(evt.EVT_C_FIND, find)]


def test_storage_commitment_comes_first(instances: list[StoredInstance]) -> None:
    committing = Committing()
    handlers = [*committing.handlers, *found(set())]
    with scp({COMMITMENT: [EXPLICIT], STUDY_ROOT_FIND: [EXPLICIT]}, handlers) as destination:
        confirmed = confirm(destination, instances)
    assert confirmed.means is Means.COMMITMENT
    assert confirmed.confirmed == {str(instances[0].sop_instance_uid)}
    assert committing.answer == 0


def test_a_transaction_is_remembered_for_a_report_on_another_association(instances: list[StoredInstance]) -> None:
    committing, remembered = Committing(), list[str]()
    with scp({COMMITMENT: [EXPLICIT]}, committing.handlers) as destination:
        confirm(destination, instances, remember=remembered.append)
    assert remembered == committing.asked
    assert len(remembered) == 1


def test_without_commitment_the_objects_are_looked_for(instances: list[StoredInstance]) -> None:
    known = str(instances[1].sop_instance_uid)
    with scp({STUDY_ROOT_FIND: [EXPLICIT]}, found({known})) as destination:
        confirmed = confirm(destination, instances)
    assert confirmed.means is Means.FIND
    assert confirmed.confirmed == {known}


def test_a_peer_that_refuses_the_action_is_asked_by_find(instances: list[StoredInstance]) -> None:
    handlers = [(evt.EVT_N_ACTION, lambda _: (0x0110, None)), *found({str(instances[0].sop_instance_uid)})]
    with scp({COMMITMENT: [EXPLICIT], STUDY_ROOT_FIND: [EXPLICIT]}, handlers) as destination:
        assert confirm(destination, instances).means is Means.FIND


def test_a_peer_that_reports_elsewhere_is_asked_by_find(
    instances: list[StoredInstance], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmation, "_REPORT_SECONDS", 0.2)
    handlers = [(evt.EVT_N_ACTION, lambda _: (0, None)), *found({str(instances[0].sop_instance_uid)})]
    with scp({COMMITMENT: [EXPLICIT], STUDY_ROOT_FIND: [EXPLICIT]}, handlers) as destination:
        assert confirm(destination, instances).means is Means.FIND


def test_a_report_on_another_transaction_confirms_nothing(instances: list[StoredInstance]) -> None:
    with scp({COMMITMENT: [EXPLICIT]}, Committing(transaction="1.2.3").handlers) as destination:
        assert confirm(destination, instances).confirmed == frozenset()


def test_a_peer_with_neither_service_cannot_confirm(instances: list[StoredInstance]) -> None:
    with scp({"1.2.840.10008.1.1": [EXPLICIT]}, []) as destination:
        confirmed = confirm(destination, instances)
    assert (confirmed.means, confirmed.confirmed) == (Means.NONE, frozenset())


def test_a_peer_that_is_away_cannot_be_asked(instances: list[StoredInstance]) -> None:
    with pytest.raises(Unreachable):
        confirm(replace(peer(1), port=free_port()), instances)
