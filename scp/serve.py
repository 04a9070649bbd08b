"""The DICOM role: a listener over the archive, from its parts to its end."""

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from archive.bus import Bus
from archive.database import Database
from archive.stages import Stages
from archive.workitem_search import Source
from archive.workitems import Performing
from config.settings import Settings
from routing.association import Timing
from routing.dimse import CommandField
from routing.sender import Blobs
from scp.admission import Admission
from scp.association import Acceptor, Limits
from scp.choice import Choice
from scp.commitment import Commitment
from scp.commitment_confirmed import CommitmentConfirmed
from scp.commitment_reports import REPORT_ANSWERED, CommitmentReports
from scp.doors import Door
from scp.echo import Echo
from scp.find import Find
from scp.get import Get
from scp.listener import Listener
from scp.move import Destinations, Move
from scp.mpps import PerformedProcedureSteps, RetrievedProcedureSteps
from scp.recorder import DatabaseRecorder
from scp.session import Service
from scp.slots import Slots
from scp.store import Intake, Store
from scp.ups import WorkitemQuery, Workitems
from scp.worklist import Worklist

_log = structlog.get_logger()
DRAIN_SECONDS: Final = 10.0
SLOTS_FILE: Final = "association-slots"
_LONGEST_PDU_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the listener works with.

    Parameters
    ----------
    database
        The index.
    blobs
        The files.
    intake
        The way into the archive.
    bus
        Wakes those who show associations.
    admission
        Who may associate.
    destinations
        Where C-MOVE may send to.
    stages
        Where the process counts what others watch.
    performing
        What others may do with the jobs of this node.
    """

    database: Database
    blobs: Blobs
    intake: Intake[Any]
    bus: Bus
    admission: Admission
    destinations: Destinations
    stages: Stages | None = None
    performing: Performing = field(default_factory=Performing)


def run_listener(settings: Settings, doors: Sequence[Door], parts: Parts, *, ready: Callable[[], None]) -> None:
    """Serve DICOM at `doors` until SIGTERM or SIGINT, then drain: returns when all associations have ended.

    Call in the main thread. `ready` is called when connections are accepted.
    """
    recorder = DatabaseRecorder(parts.database, parts.bus)
    slots = Slots(
        settings.data_dir / SLOTS_FILE,
        total=settings.dicom.max_associations,
        per_peer=settings.dicom.max_associations_per_peer,
        half_open=settings.dicom.max_connections,
        stages=parts.stages,
    )
    listener = Listener(doors, acceptor(settings, parts, recorder, slots), slots.load)
    listener.stop_at(signal.SIGTERM, signal.SIGINT)
    recorder.start_heartbeat()
    _log.info("listening", ae_title=settings.dicom.ae_title, ports=listener.ports)
    ready()
    listener.serve()
    drained = listener.drain(DRAIN_SECONDS)
    recorder.stop_heartbeat()
    slots.close()
    _log.info("stopped", drained=drained)


def acceptor(settings: Settings, parts: Parts, recorder: DatabaseRecorder, slots: Slots) -> Acceptor:
    """Put the acceptor's side together."""
    timing = Timing(
        idle_seconds=settings.dicom.idle_seconds,
        pdu_seconds=min(settings.dicom.idle_seconds, _LONGEST_PDU_SECONDS),
    )
    return Acceptor(
        rules=parts.admission,
        recorder=recorder,
        slots=slots,
        services=services(settings, parts),
        limits=Limits(
            # PDVs have even lengths; an odd maximum would only confuse.
            max_pdu=settings.dicom.max_pdu & ~1,
            artim_seconds=settings.dicom.artim_seconds,
            timing=timing,
        ),
    )


def services(settings: Settings, parts: Parts) -> dict[int, Service | Choice]:
    """Give the services of this node by the command field of their requests."""
    steps = PerformedProcedureSteps(parts.database, parts.bus)
    reports = CommitmentReports(parts.database, parts.bus)
    source = Source(ae_title=settings.dicom.ae_title)
    workitems = Workitems(parts.database, parts.bus, parts.destinations, performing=parts.performing, source=source)
    return {
        CommandField.C_ECHO: Echo(),
        CommandField.C_STORE: Store(parts.intake, max_object_bytes=settings.dicom.max_object_bytes),
        CommandField.C_FIND: Choice(
            [
                Find(parts.database, ae_title=settings.dicom.ae_title),
                Worklist(parts.database),
                WorkitemQuery(parts.database, source),
            ],
        ),
        CommandField.C_MOVE: Move(parts.database, parts.blobs, parts.destinations),
        CommandField.C_GET: Get(parts.database, parts.blobs),
        CommandField.N_ACTION: Choice([Commitment(parts.database, reports), workitems]),
        CommandField.N_EVENT_REPORT: CommitmentConfirmed(parts.database, parts.bus),
        REPORT_ANSWERED: reports,
        CommandField.N_CREATE: Choice([steps, workitems]),
        CommandField.N_SET: Choice([steps, workitems]),
        CommandField.N_GET: Choice([RetrievedProcedureSteps(parts.database), workitems]),
    }
