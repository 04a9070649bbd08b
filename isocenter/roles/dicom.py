"""The listener: one of the processes that share the DICOM port."""

from access.admission_cache import AdmissionCache
from config.settings import Settings
from isocenter.directory import Admission, Directory
from isocenter.parentage import say_ready
from isocenter.sockets import LISTEN_VARIABLE, bind, inherited
from isocenter.wiring import open_node
from scp.serve import Parts, run_listener


def run(settings: Settings) -> None:
    """Serve DICOM until SIGTERM."""
    listening = inherited(LISTEN_VARIABLE) or bind(
        settings.dicom.host, settings.dicom.port, purpose="DICOM", key="dicom.port"
    )
    with open_node(settings) as node:
        rules = AdmissionCache(node.database, settings, node.bus)
        parts = Parts(
            database=node.database,
            blobs=node.blobs,
            intake=node.archive,
            bus=node.bus,
            admission=Admission(rules),
            destinations=Directory(node.database, settings.dicom.ae_title),
        )
        run_listener(settings, listening, parts, ready=say_ready)
        rules.close()
