"""The way to routes that are asked many times a second: found by how long the path is, not by trying every route.

FastAPI tries the patterns of all routes in turn, those of included routers twice, and enters a stack of contexts for
files and dependencies that these routes do not have. Here the same routes are found among the few that have as many
segments; whatever is not found takes the usual way, and is refused there as it should be.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, Protocol, runtime_checkable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import answer_http_exception

TEMPLATE: Final = "isocenter.template"
"""Where in the scope the path of the route stands, for those that name it."""

_Answer = Callable[[Request], Awaitable[Response]]
_WHOLE_REST: Final = ":path}"


@runtime_checkable
class DirectRoute(Protocol):
    """A route that answers a request without what FastAPI puts around its handlers."""

    async def answer(self, request: Request) -> Response:
        """Answer, or raise what the application has answers for."""


class Shortcut:
    """ASGI middleware that takes requests straight to their routes.

    Parameters
    ----------
    app
        The application behind, which has the same routes.
    routes
        Those that may be taken; of these the ones that are `DirectRoute`.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        self._routes: dict[tuple[str, int], list[tuple[Route, _Answer]]] = defaultdict(list)
        for route in routes:
            if isinstance(route, Route) and isinstance(route, DirectRoute) and _WHOLE_REST not in route.path:
                for method in route.methods or ():
                    self._routes[method, route.path.count("/")].append((route, route.answer))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by a route, or pass the request on."""
        found = self._find(scope) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        route, answer, parameters = found
        scope["endpoint"], scope["route"], scope["path_params"] = route.endpoint, route, parameters
        scope[TEMPLATE] = route.path
        request = Request(scope, receive, send)
        try:
            response = await answer(request)
        except HTTPException as refusal:
            response = await answer_http_exception(request, refusal)
        await response(scope, receive, send)

    def _find(self, scope: Scope) -> tuple[Route, _Answer, dict[str, Any]] | None:
        path: str = scope["path"]
        for route, answer in self._routes.get((scope["method"], path.count("/")), ()):
            found = route.path_regex.match(path)
            if found:
                return route, answer, found.groupdict()
        return None
