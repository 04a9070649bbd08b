"""What is done before any role starts: storage, schema, the first account, what the file declares, leftovers."""

import socket
import time
from pathlib import Path

import structlog

from access import remote_aes, users
from access.passwords import WeakPassword
from archive import associations, consistency, events, routes, schema
from archive.blobs import FileBlobs
from archive.connection import Connection
from archive.database import Database
from archive.errors import DatabaseUnavailable
from config.settings import Settings
from isocenter.failures import CannotStart
from isocenter.permissions import require_writable
from isocenter.wiring import bus_of, open_blobs

_log = structlog.get_logger()


def prepare(settings: Settings) -> str | None:
    """Make everything ready for the roles; several processes, on several machines, may do so at once.

    Returns
    -------
    str or None
        The one-time password of the administrator that a first start made.

    Raises
    ------
    CannotStart
        When the storage cannot be written, or the database does not open.
    """
    _make_data_dir(settings)
    require_writable(settings)
    with open_blobs(settings) as blobs:
        upgrade(settings)
        with Database(settings.database.url, pool_size=1) as database:
            password = database.write(_declare, settings, now=time.time())
            _recover(database, blobs)
    with bus_of(settings) as bus:
        bus.publish("config")
    return password


def _make_data_dir(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"data_dir: {settings.data_dir} cannot be made: {error.strerror}") from error


def upgrade(settings: Settings) -> None:
    """Bring the schema up to this version.

    Raises
    ------
    CannotStart
        When the database does not open, or is ahead of this version.
    """
    try:
        _refuse_newer(settings.database.url)
        schema.upgrade(settings.database.url)
    except DatabaseUnavailable as error:
        raise cannot_open(error) from error
    except OSError as error:
        raise CannotStart(f"database.url: the database cannot be opened: {error.strerror}") from error


def _refuse_newer(url: str) -> None:
    if not schema.may_be_there(url):
        return
    revision = schema.current(url)
    if is_newer(revision):
        raise CannotStart(newer(revision))


def is_newer(revision: str | None) -> bool:
    """Tell whether a later version of this program made the schema; revisions are numbered in order."""
    return (revision or "") > (schema.head() or "")


def newer(revision: str | None) -> str:
    """Say what to do about a schema of a later version."""
    return (
        f"database.url: the database has schema {revision}, of a newer version of Isocenter (this one knows "
        f"{schema.head()}): run that version, or put back the backup that was made before the upgrade"
    )


def cannot_open(error: DatabaseUnavailable) -> CannotStart:
    """Say why the database does not open, in the words of its driver."""
    cause = getattr(error.__cause__, "orig", None) or error.__cause__ or error
    return CannotStart(f"database.url: the database cannot be opened: {cause}")


def _declare(connection: Connection, settings: Settings, *, now: float) -> str | None:
    # Roles on several machines start at once, and each declares the same: one after the other.
    events.lock_order(connection)
    remote_aes.load_declared(connection, settings.ae, now=now)
    routes.load_declared(connection, [route.model_dump(by_alias=True) for route in settings.route], now=now)
    configured = settings.security.admin_password
    try:
        return users.ensure_admin(connection, configured.get_secret_value() if configured else None, now=now)
    except WeakPassword as error:
        raise CannotStart(f"security.admin_password: {error}") from error


def _recover(database: Database, blobs: FileBlobs) -> None:
    """Remove what an earlier end left behind, and index files that were to get a row; the worker visits the others."""
    consistency.recover(database, blobs)
    for listener in database.read(associations.open_listeners):
        # Their series need not wait until the silence of a process that was killed is noticed.
        if _has_ended(listener):
            database.write(associations.sweep_dead, now=time.time(), listener=listener)


def _has_ended(listener: str) -> bool:
    """Tell whether a listener process, named by host and process ID, was one of this machine and is no more."""
    host, _, pid = listener.rpartition(":")
    return host == socket.gethostname() and pid.isdecimal() and not Path(f"/proc/{pid}").exists()
