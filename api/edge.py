"""The outermost layer: every request ends in an answer, is measured, and leaves one line in the log."""

import asyncio
import time
from pathlib import Path
from typing import Protocol

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem
from api.shortcut import TEMPLATE
from archive.uids import is_valid_uid

_log = structlog.get_logger()
_INTERNAL_ERROR = 500
_UNAVAILABLE = 503
_LEAVING = {"Connection": "close", "Retry-After": "10"}
# Asked every few seconds by machines; a line for each would bury the others.
_UNLOGGED = frozenset({"/healthz", "/readyz", "/metrics"})


class Observer(Protocol):
    """Takes the measurement of one request."""

    def observe(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count the request."""


class Edge:
    """ASGI middleware: answers 500 when the application failed, logs and measures.

    The log names the route and the UIDs in it, never the query: queries hold patients' names.

    Parameters
    ----------
    app
        The application behind.
    observer
        Where measurements go.
    """

    def __init__(self, app: ASGIApp, observer: Observer) -> None:
        self._app = app
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and see to it that it is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_see)
        except asyncio.CancelledError:
            # The process ends, and waits no longer for this request; what it has begun to answer just ends.
            if status:
                raise
            answer = problem(
                scope["path"], _UNAVAILABLE, "The node is being stopped; try again in a moment.", headers=_LEAVING
            )
            await answer(scope, receive, send_and_see)
        except Exception as error:  # noqa: BLE001 - the edge of the process: nothing may pass
            _log_failure(error)
            if not status:
                answer = problem(scope["path"], _INTERNAL_ERROR, "The node failed to answer; its log says where.")
                await answer(scope, receive, send_and_see)
        self._note(scope, status or _INTERNAL_ERROR, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope)
        self._observer.observe(method=scope["method"], route=route, status=status, seconds=seconds)
        if scope["path"] not in _UNLOGGED:
            _log.info(
                "http_request",
                method=scope["method"],
                route=route,
                status=int(status),
                milliseconds=round(seconds * 1000, 1),
                **_uids(scope),
            )


def _uids(scope: Scope) -> dict[str, str]:
    """Give the UIDs of the path; not what else stands in their places, such as names or numbers of patients."""
    values = {name: str(value) for name, value in scope.get("path_params", {}).items() if name.endswith("uid")}
    return {name: value for name, value in values.items() if "." in value and is_valid_uid(value)}


def route_of(scope: Scope) -> str:
    """Return the route's template (`/api/v1/jobs/{job_id}`), or a fixed word for what no route took."""
    if TEMPLATE in scope:
        template: str = scope[TEMPLATE]
        return template
    if "endpoint" not in scope:
        return "viewer" if scope.get("state", {}).get("viewer") else "unmatched"
    path: str = scope["path"]
    names = {str(value): f"{{{name}}}" for name, value in scope.get("path_params", {}).items()}
    for value, name in names.items():
        if "/" in value:
            path = path.replace(value, name, 1)
    return "/".join(names.get(segment, segment) for segment in path.split("/"))


def _log_failure(error: Exception) -> None:
    """Say where it broke. The message is left out: a database error's text holds the values of the statement."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        file = "/".join(Path(code.co_filename).parts[-2:])
        frames.append(f"{file}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    _log.error("http_request_failed", error=type(error).__name__, frames=frames[-12:])
