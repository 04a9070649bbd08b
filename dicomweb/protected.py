"""Routes that know who asks, and answer failures as problems."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from archive.errors import NodeError
from dicomweb.finishing import finish
from dicomweb.problems import Problem, problem_response, status_of
from dicomweb.services import Authorization


class ProtectedRoute(APIRoute):
    """A route whose handler takes the request and who asks, and nothing else.

    FastAPI would find out again for each request what the handler needs, which takes longer than many answers do.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        return self.answer

    async def answer(self, request: Request) -> Response:
        """Answer a request, or say why not."""
        who_asks = self._authorization()
        principal = await who_asks(request)
        try:
            return await finish(request, await self.endpoint(request, principal))
        except Problem as problem:
            return problem_response(problem.status, problem.detail)
        except NodeError as error:
            return problem_response(status_of(error), str(error))

    def _authorization(self) -> Authorization:
        """Give the one dependency, which is declared so that documentation and tests see it."""
        [declared] = self.dependant.dependencies
        authorization: Authorization | None = declared.call
        if authorization is None:
            raise TypeError("a protected route needs to know who asks")
        return authorization
