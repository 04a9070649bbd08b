"""Whether the roles of this machine answer, as a container's health check asks."""

import socket
import time
import urllib.error
import urllib.request

from archive import facts
from archive.database import Database
from archive.errors import NodeError
from config.settings import Settings
from isocenter.roles import Role
from isocenter.sockets import reachable

# A worker says this often that it lives, and is thought dead after some silence.
HEARTBEAT_SECONDS = 5.0
_SILENCE_SECONDS = 20.0
_TIMEOUT_SECONDS = 4.0


def worker_fact() -> str:
    """Return the key under which the worker of this machine says that it lives."""
    return f"worker:{socket.gethostname()}"[:64]


def trouble(role: Role, settings: Settings) -> str | None:
    """Return why a role does not work; None when it does."""
    if role is Role.DICOM:
        return _trouble_connecting(settings)
    if role is Role.WEB:
        return _trouble_asking(settings)
    return _trouble_of_worker(settings)


def _trouble_connecting(settings: Settings) -> str | None:
    host = reachable(settings.dicom.host).strip("[]")
    try:
        with socket.create_connection((host, settings.dicom.port), _TIMEOUT_SECONDS):
            return None
    except OSError as error:
        return f"no connection to port {settings.dicom.port}: {error.strerror or error}"


def _trouble_asking(settings: Settings) -> str | None:
    url = f"http://{reachable(settings.web.host)}:{settings.web.port}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS):
            return None
    except urllib.error.HTTPError as error:
        return f"not ready: {error.read(500).decode('utf-8', 'replace')}"
    except (urllib.error.URLError, OSError) as error:
        return str(error)


def _trouble_of_worker(settings: Settings) -> str | None:
    try:
        with Database(settings.database.url, pool_size=1, deadline_seconds=_TIMEOUT_SECONDS) as database:
            seen = database.read(facts.get, worker_fact())
    except NodeError as error:
        return str(error)
    silent = time.time() - float(seen or 0)
    return None if silent < _SILENCE_SECONDS else "no sign of life"
