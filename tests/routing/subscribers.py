"""Who is told of workitems, as pynetdicom takes N-EVENT-REPORT of UPS Event."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom import Dataset
from pynetdicom import AE, evt

from routing.peers import Peer
from routing.workitem_call import EVENT
from tests.accepted import served
from tests.archive.workitem_data import TENANT


@dataclass
class Subscriber:
    """WATCHER; `statuses` are its answers, the last one for all that follow."""

    statuses: Sequence[int] = (0,)
    port: int = 0
    told: list[tuple[int, str, Dataset]] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)
    associations: int = 0

    @contextmanager
    def listening(self, port: int = 0) -> Iterator["Subscriber"]:
        def take(event: evt.Event) -> tuple[int, None]:
            request: Any = event.request
            self.classes.add(str(request.AffectedSOPClassUID))
            self.told.append((int(request.EventTypeID), str(request.AffectedSOPInstanceUID), event.event_information))
            return self.statuses[min(len(self.told), len(self.statuses)) - 1], None

        def count(_event: evt.Event) -> None:
            self.associations += 1

        ae = AE(ae_title="WATCHER")
        ae.add_supported_context(EVENT, scu_role=False, scp_role=True)
        handlers: list[Any] = [(evt.EVT_N_EVENT_REPORT, take), (evt.EVT_ACCEPTED, count)]
        with served(ae, handlers, port=port) as self.port:
            yield self

    def find(self, tenant: str, ae_title: str) -> Peer | None:
        if (tenant, ae_title) != (TENANT, "WATCHER"):
            return None
        return Peer(name="WATCHER", ae_title="WATCHER", host="127.0.0.1", port=self.port, calling_ae_title="ISOCENTER")

    def states(self) -> list[str]:
        return [information.ProcedureStepState for event, _, information in self.told if event == 1]
