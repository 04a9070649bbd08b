"""A modality that asks for storage commitment: pynetdicom's SCU, and its SCP for reports that come later."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt
from pynetdicom.association import Association

from routing.peers import Peer
from tests.accepted import served

COMMITMENT, INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came by N-EVENT-REPORT."""

    event_type: int
    information: Dataset
    over_own_association: bool

    @property
    def kept(self) -> set[str]:
        return {item.ReferencedSOPInstanceUID for item in self.information.get("ReferencedSOPSequence", [])}

    @property
    def failed(self) -> dict[str, int]:
        sequence = self.information.get("FailedSOPSequence", [])
        return {item.ReferencedSOPInstanceUID: item.FailureReason for item in sequence}


def action(*items: tuple[str, str], transaction_uid: str | None = None) -> Dataset:
    """Make the Action Information for pairs of SOP class and instance."""
    information = Dataset()
    information.TransactionUID = transaction_uid or generate_uid()
    information.ReferencedSOPSequence = []
    for sop_class_uid, sop_instance_uid in items:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class_uid, sop_instance_uid
        information.ReferencedSOPSequence.append(item)
    return information


@dataclass
class Requester:
    """The modality; `statuses` are its answers to the reports, the last one for all that follow."""

    node_port: int
    ae_title: str = "MODALITY1"
    called: str = "ISOCENTER"
    reports: list[Report] = field(default_factory=list)
    statuses: Sequence[int] = (0,)
    port: int = 0

    @contextmanager
    def listening(self, port: int = 0) -> Iterator["Requester"]:
        """Accept associations in which the caller is SCP."""
        ae = AE(ae_title=self.ae_title)
        ae.add_supported_context(COMMITMENT, scu_role=True, scp_role=True)
        with served(ae, self._handlers(), port=port) as self.port:
            yield self

    def as_peer(self) -> Peer:
        return Peer(
            name=self.ae_title, ae_title=self.ae_title, host="127.0.0.1", port=self.port, calling_ae_title=self.called
        )

    def as_ae(self, **options: object) -> dict[str, object]:
        return {
            "name": self.ae_title,
            "ae_title": self.ae_title,
            "host": "127.0.0.1",
            "port": self.port,
            **options,
        }

    @contextmanager
    def associated(self) -> Iterator[Association]:
        ae = AE(ae_title=self.ae_title)
        ae.add_requested_context(COMMITMENT)
        association = ae.associate(
            "127.0.0.1", self.node_port, ae_title=self.called, evt_handlers=self._handlers(own=True)
        )
        assert association.is_established
        try:
            yield association
        finally:
            association.release()

    def ask(self, information: Dataset | None, **changes: Any) -> int:
        """Ask over an association of its own; gives the status."""
        with self.associated() as association:
            return ask(association, information, **changes)

    def _handlers(self, *, own: bool = False) -> list[Any]:
        def take(event: evt.Event) -> tuple[int, None]:
            report = Report(
                event_type=int(event.event_type or 0), information=event.event_information, over_own_association=own
            )
            self.reports.append(report)
            return self.statuses[min(len(self.reports), len(self.statuses)) - 1], None

        return [(evt.EVT_N_EVENT_REPORT, take)]


def ask(association: Association, information: Dataset | None, *, kind: int = 1, instance: str = INSTANCE) -> int:
    """Ask over an association that is open; gives the status."""
    # pynetdicom's own loop may take an answer that comes within its millisecond: let it stop before anything is sent.
    association._reactor_checkpoint.clear()
    time.sleep(0.02)
    status, _ = association.send_n_action(information, kind, COMMITMENT, instance)
    return int(status.Status)
