"""A remote archive that answers C-FIND, C-GET and C-MOVE: pynetdicom's SCP over a list of data sets."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from pydicom import Dataset
from pynetdicom import build_context, evt

from routing.peers import Peer
from routing.remote_query import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from routing.remote_retrieve import STUDY_ROOT_GET, STUDY_ROOT_MOVE
from tests.routing.peers import CT, EXPLICIT, IMPLICIT, scp

_SYNTAXES = [EXPLICIT, IMPLICIT]


@dataclass
class RemoteArchive:
    """What it holds, what it was asked, and where it sends to."""

    objects: list[Dataset]
    classes: tuple[str, ...] = (STUDY_ROOT_FIND, PATIENT_ROOT_FIND, STUDY_ROOT_GET, STUDY_ROOT_MOVE)
    final: int | None = None
    move_to: int = 0
    # How long it takes to fetch an object, from a tape for example.
    seconds_each: float = 0.0
    asked: list[Dataset] = field(default_factory=list)
    destinations: list[str] = field(default_factory=list)
    canceled: list[bool] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)

    def running(self) -> AbstractContextManager[Peer]:
        contexts = dict.fromkeys(self.classes, _SYNTAXES)
        handlers = [(evt.EVT_C_FIND, self._find), (evt.EVT_C_GET, self._get), (evt.EVT_C_MOVE, self._move)]
        return scp(contexts, handlers, sent=[CT])

    def _find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        self.asked.append(event.identifier)
        if self.final is not None:
            yield self.final, None
            return
        for each in self.objects:
            if event.is_cancelled:
                yield 0xFE00, None
                return
            match = Dataset()
            match.SpecificCharacterSet = "ISO_IR 192"
            for element in event.identifier:
                if element.tag in each:
                    match.add(each[element.tag])
            yield 0xFF00, match

    def _get(self, event: Any) -> Iterator[Any]:
        self.asked.append(event.identifier)
        yield len(self.objects)
        if self.final is not None:
            yield self.final, None
            return
        for number, each in enumerate(self.objects):
            if number == 1:
                self.go_on.wait(10)
            if self.seconds_each:
                threading.Event().wait(self.seconds_each)
            if event.is_cancelled:
                self.canceled.append(True)
                yield 0xFE00, None
                return
            yield 0xFF00, each

    def _move(self, event: Any) -> Iterator[Any]:
        self.destinations.append(event.move_destination)
        if not self.move_to:
            yield None, None
            return
        yield "127.0.0.1", self.move_to, {"contexts": [build_context(CT, _SYNTAXES)]}
        yield from self._get(event)
