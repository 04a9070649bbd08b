"""The short way to DICOMweb's routes: what it finds is what the application would have found, and no more."""

from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from access.permissions import Role
from api.problems import Problem
from api.shortcut import Shortcut
from dicomweb.router import create_router
from tests.api.serving import Served, serving


class _Direct(Route):
    async def answer(self, request: Request) -> Response:
        if request.path_params.get("name") == "refused":
            raise Problem(HTTPStatus.FORBIDDEN, "Your role does not include this.")
        return PlainTextResponse(f"{self.path} {dict(request.path_params)}")


async def _application(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("the application")(scope, receive, send)


def _not_asked(_request: Request) -> Response:
    raise AssertionError("the route itself is not asked")


@pytest.fixture
def client() -> httpx.AsyncClient:
    paths = ("/a/{name}", "/a/fixed", "/a/{name}/b", "/a/{name}/b/{rest:path}")
    routes = [*(_Direct(path, _not_asked, methods=["GET"]) for path in paths), Route("/plain", _not_asked)]
    transport = httpx.ASGITransport(Shortcut(_application, routes))
    return httpx.AsyncClient(transport=transport, base_url="http://node")


async def test_a_path_is_answered_by_its_route(client: httpx.AsyncClient) -> None:
    assert (await client.get("/a/x/b")).text == "/a/{name}/b {'name': 'x'}"


async def test_of_two_routes_the_first_answers_as_in_the_application(client: httpx.AsyncClient) -> None:
    assert (await client.get("/a/fixed")).text == "/a/{name} {'name': 'fixed'}"


@pytest.mark.parametrize("path", ["/", "/a", "/a/", "/a/x/", "/a/x/c", "/a/x/b/", "/a/x/b/c/d", "/plain"])
async def test_all_other_paths_take_the_usual_way(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).text == "the application"


async def test_other_methods_take_the_usual_way(client: httpx.AsyncClient) -> None:
    assert (await client.post("/a/x")).text == "the application"


async def test_a_refusal_is_a_problem(client: httpx.AsyncClient) -> None:
    assert (await client.get("/a/refused")).status_code == 403


@pytest.fixture
def served(sqlite_url: str, tmp_path: Path) -> Iterator[Served]:
    """Serve DICOMweb with nothing behind it: who may not ask gets no further."""
    nothing: Any = None
    with serving(sqlite_url, tmp_path, routers=(partial(create_router, services=nothing),)) as opened:
        yield opened


@pytest.mark.parametrize("path", ["/dicom-web/studies", "/dicom-web/studies/1.2/metadata"])
def test_credentials_and_permissions_are_asked_for_on_the_short_way(served: Served, path: str) -> None:
    with served.anonymous() as nobody:
        assert nobody.get(path).status_code == 401
    with served.as_role(Role.AUDITOR) as auditor:
        refused = auditor.get(path)
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["x-content-type-options"] == "nosniff"
