"""Running roles under a supervisor: addresses first, then storage and index, then the processes."""

import gc
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from config.settings import Settings
from isocenter.certificates import check_certificates
from isocenter.children import Child, ChildPlan
from isocenter.parentage import follow_supervisor
from isocenter.permissions import keep_private
from isocenter.roles import Role, load_role, run_role
from isocenter.sockets import (
    LISTEN_VARIABLE,
    LISTENER_VARIABLE,
    TLS_LISTEN_VARIABLE,
    WEB_VARIABLE,
    bind_dicom,
    bind_dicom_tls,
    bind_web,
    port_of,
    reachable,
    shut,
)
from isocenter.startup import prepare
from isocenter.supervisor import Supervisor

_Sockets = Mapping[str, socket.socket]
_ROLE_SOCKETS = {
    Role.DICOM: (LISTEN_VARIABLE, TLS_LISTEN_VARIABLE),
    Role.WEB: (WEB_VARIABLE,),
    Role.WORKER: (),
}
_ANSWER_SECONDS = 20.0
_PAUSE_SECONDS = 0.05


def serve(settings: Settings, roles: Sequence[Role], *, say: Callable[[str], None]) -> int:
    """Run `roles` until a signal; returns the exit code.

    Parameters
    ----------
    settings
        The configuration.
    roles
        Which.
    say
        Prints a line for people and scripts: the one-time password of a first start, and `ready …`.

    Raises
    ------
    CannotStart
        When certificates cannot be used, a port is taken, the database does not open, or the storage cannot be written.
    """
    follow_supervisor()
    keep_private()
    check_certificates(settings)
    with ExitStack() as stack:
        sockets = {
            variable: stack.enter_context(listening)
            for role in roles
            for variable, listening in _listen(role, settings)
        }
        password = prepare(settings)
        if password is not None:
            say(f"first start: user admin, one-time password {password}")
        _load_shared(roles)
        children = [Child(plan) for role in roles for plan in _plans(role, settings, sockets)]
        supervisor = Supervisor(
            children,
            on_ready=lambda: say(_ready_line(settings, roles, sockets)),
            on_stop=lambda: _refuse_associations(sockets),
        )
        return supervisor.run()


def _load_shared(roles: Sequence[Role]) -> None:
    """Load before the forks what all roles need; what one alone needs is loaded by its process, beside the others."""
    load_role(Role.DICOM if Role.DICOM in roles else roles[0])
    # The pages of what is loaded stay shared: no child's collector writes to them.
    gc.freeze()


def _listen(role: Role, settings: Settings) -> Iterator[tuple[str, socket.socket]]:
    if role is Role.DICOM:
        yield LISTEN_VARIABLE, bind_dicom(settings.dicom)
        if settings.dicom.tls.port is not None:
            yield TLS_LISTEN_VARIABLE, bind_dicom_tls(settings.dicom)
    elif role is Role.WEB:
        yield WEB_VARIABLE, bind_web(settings.web)


def _refuse_associations(sockets: _Sockets) -> None:
    """Let nobody connect to a node that only finishes what it does: such a connection would hang until its end."""
    for variable in _ROLE_SOCKETS[Role.DICOM]:
        if variable in sockets:
            shut(sockets[variable])


def _plans(role: Role, settings: Settings, sockets: _Sockets) -> list[ChildPlan]:
    count = {Role.DICOM: settings.dicom.processes, Role.WEB: settings.web.processes, Role.WORKER: 1}[role]
    environment = {}
    if role is Role.WEB and LISTEN_VARIABLE in sockets:
        host = reachable(settings.dicom.host).strip("[]")
        environment[LISTENER_VARIABLE] = f"{host}:{port_of(sockets[LISTEN_VARIABLE])}"
    return [
        ChildPlan(
            name=f"{role.value}-{number}" if count > 1 else role.value,
            run=partial(run_role, role, settings),
            sockets={name: sockets[name].fileno() for name in _ROLE_SOCKETS[role] if name in sockets},
            environment=environment,
        )
        for number in range(1, count + 1)
    ]


def _ready_line(settings: Settings, roles: Sequence[Role], sockets: _Sockets) -> str:
    """Say where the node answers, once it does."""
    parts = ["ready", settings.dicom.ae_title]
    if LISTEN_VARIABLE in sockets:
        parts += ["dicom", str(port_of(sockets[LISTEN_VARIABLE]))]
    if WEB_VARIABLE in sockets:
        url = f"http://{reachable(settings.web.host)}:{port_of(sockets[WEB_VARIABLE])}"
        _wait_for(f"{url}/{'readyz' if Role.DICOM in roles else 'healthz'}")
        parts += ["web", url]
    if Role.WORKER in roles and len(roles) == 1:
        parts.append("worker")
    return " ".join(parts)


def _wait_for(url: str) -> None:
    """Wait until the web server answers that the node is ready; what is not said by then is in its log."""
    deadline = time.monotonic() + _ANSWER_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, OSError):
            time.sleep(_PAUSE_SECONDS)
