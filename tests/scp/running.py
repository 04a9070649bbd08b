"""A listener over a real archive, in this process."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from access.proofs import NOTHING_SHOWN, Proof
from archive.blobs import FileBlobs
from archive.bus import bus_directory
from archive.database import Database
from archive.ingest import Archive
from archive.local_bus import LocalBus
from config.sections import DicomSettings
from config.settings import Settings
from routing.peers import Peer
from routing.rejection import CALLED_AE_UNKNOWN, CALLING_AE_UNKNOWN, Rejection
from scp.admission import Caller
from scp.choice import Choice
from scp.doors import Door, bind
from scp.listener import Listener
from scp.recorder import DatabaseRecorder
from scp.serve import SLOTS_FILE, Parts, acceptor
from scp.session import Service
from scp.slots import Slots
from scp.tls import secured

ALL_VERBS = frozenset({"echo", "store", "find", "move", "get", "worklist", "mpps"})


@dataclass
class Rules:
    """Admission for tests: who may do what."""

    allowed: dict[str, frozenset[str]] = field(default_factory=lambda: {"MODALITY1": ALL_VERBS})
    called: str = "ISOCENTER"
    tenant: str = "default"
    report_here: bool = False
    charset: str | None = None
    get_without_roles: bool = False
    # Remote AEs by title, where they have another name; blank for callers that nobody configured.
    names: dict[str, str] = field(default_factory=dict)
    shown: list[Proof] = field(default_factory=list)

    def decide(
        self, *, calling_ae_title: str, called_ae_title: str, address: str, proof: Proof = NOTHING_SHOWN
    ) -> Caller | Rejection:
        self.shown.append(proof)
        if called_ae_title != self.called:
            return CALLED_AE_UNKNOWN
        if calling_ae_title not in self.allowed:
            return CALLING_AE_UNKNOWN
        return Caller(
            calling_ae_title=calling_ae_title,
            called_ae_title=called_ae_title,
            address=address,
            tenant=self.tenant,
            allowed=self.allowed[calling_ae_title],
            name=self.names.get(calling_ae_title, calling_ae_title),
            report_here=self.report_here,
            charset=self.charset,
            get_without_roles=self.get_without_roles,
        )


@dataclass
class KnownPeers:
    """Remote AEs for C-MOVE."""

    peers: dict[str, Peer] = field(default_factory=dict)

    def find(self, tenant: str, ae_title: str) -> Peer | None:
        del tenant
        return self.peers.get(ae_title)


@dataclass
class Node:
    """A running listener and what it works on."""

    port: int
    listener: Listener
    database: Database
    archive: Archive
    blobs: FileBlobs
    rules: Rules
    destinations: KnownPeers
    folder: Path
    services: dict[int, Service | Choice]
    slots: Slots

    @property
    def tls_port(self) -> int:
        return self.listener.ports[1]

    def connect(self, address: str = "127.0.0.1") -> socket.socket:
        """Open a connection from an address of this machine; all of 127.0.0.0/8 are."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20, source_address=(address, 0))

    def peer(self, calling: str = "MODALITY1") -> Peer:
        return Peer(name="NODE", ae_title="ISOCENTER", host="127.0.0.1", port=self.port, calling_ae_title=calling)

    def files(self) -> list[Path]:
        """All object files and spool leftovers."""
        return [path for path in self.blobs.root.rglob("*") if path.is_file()]


def start_node(
    tmp_path: Path, sqlite_url: str, *, listening: socket.socket | None = None, **dicom: Any
) -> tuple[Node, Callable[[], None]]:
    limits = DicomSettings(**{"artim_seconds": 2.0, "idle_seconds": 20.0, **dicom})
    settings = Settings(data_dir=tmp_path, dicom=limits)
    database, blobs, bus = Database(sqlite_url), FileBlobs(tmp_path / "blobs"), LocalBus(bus_directory(tmp_path))
    archive = Archive(database, blobs, publish=bus.publish, max_object_bytes=settings.dicom.max_object_bytes)
    rules, destinations = Rules(), KnownPeers()
    parts = Parts(database=database, blobs=blobs, intake=archive, bus=bus, admission=rules, destinations=destinations)
    recorder = DatabaseRecorder(database, bus)
    slots = Slots(
        tmp_path / SLOTS_FILE,
        total=settings.dicom.max_associations,
        per_peer=settings.dicom.max_associations_per_peer,
        half_open=settings.dicom.max_connections,
    )
    accepting = acceptor(settings, parts, recorder, slots)
    doors = [Door(listening=listening or bind("127.0.0.1", 0))]
    if limits.tls.cert is not None:
        doors.append(Door(listening=bind("127.0.0.1", 0), stream=secured(limits.tls)))
    listener = Listener(doors, accepting, slots.load)
    thread = threading.Thread(target=listener.serve)
    node = Node(
        port=listener.port,
        listener=listener,
        database=database,
        archive=archive,
        blobs=blobs,
        rules=rules,
        destinations=destinations,
        folder=tmp_path,
        services=accepting._services,
        slots=slots,
    )
    thread.start()

    def stop() -> None:
        listener.stop()
        thread.join(10)
        assert listener.drain(5)
        slots.close()
        archive.close()
        bus.close()
        blobs.close()
        database.dispose()

    return node, stop
