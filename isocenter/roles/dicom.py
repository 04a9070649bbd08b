"""The listener: one of the processes that share the DICOM ports."""

import gc
import resource
from typing import Final

import structlog

from access.admission_cache import AdmissionCache
from archive import consistency
from archive.errors import NodeError
from config.settings import Settings
from isocenter.directory import Admission, Directory
from isocenter.parentage import say_ready
from isocenter.performing import performing_of
from isocenter.presence import presence
from isocenter.sockets import LISTEN_VARIABLE, TLS_LISTEN_VARIABLE, bind_dicom, bind_dicom_tls, inherited
from isocenter.wiring import Node, open_node
from scp.doors import Door
from scp.serve import Parts, run_listener
from scp.tls import secured

_COLLECT_AFTER: Final = 50_000

_log = structlog.get_logger()


def run(settings: Settings) -> None:
    """Serve DICOM until SIGTERM."""
    doors = _doors(settings)
    _allow_descriptors()
    # An object leaves no cycles behind, but enough small values to start a collection every few of them.
    gc.set_threshold(_COLLECT_AFTER)
    with open_node(settings, role="dicom") as node, presence(node.database, settings.data_dir):
        _tidy_up(node)
        rules = AdmissionCache(node.database, settings, node.bus)
        parts = Parts(
            database=node.database,
            blobs=node.blobs,
            intake=node.archive,
            bus=node.bus,
            admission=Admission(rules),
            destinations=Directory(node.database, settings.dicom),
            stages=node.stages,
            performing=performing_of(settings),
        )
        run_listener(settings, doors, parts, ready=say_ready)
        rules.close()


def _tidy_up(node: Node) -> None:
    """Clear away what another listener left that died while the node went on."""
    try:
        consistency.recover(node.database, node.blobs)
    except NodeError as error:
        # Nothing depends on it now: the next start tries again.
        _log.error("recovery_failed", reason=str(error))


def _doors(settings: Settings) -> list[Door]:
    doors = [Door(listening=inherited(LISTEN_VARIABLE) or bind_dicom(settings.dicom))]
    if settings.dicom.tls.port is not None:
        listening = inherited(TLS_LISTEN_VARIABLE) or bind_dicom_tls(settings.dicom)
        doors.append(Door(listening=listening, stream=secured(settings.dicom.tls)))
    return doors


def _allow_descriptors() -> None:
    """Raise the soft limit of open files, 1,024 on many systems, to the hard one: each connection takes one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
