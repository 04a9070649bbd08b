"""Pages of other sites that may read DICOMweb (Fetch, Section 3.2): those of `web.cors_origins` and no others."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from starlette.middleware import Middleware

from api.cors import CrossOrigin

VIEWER, STRANGER = "https://viewer.example", "https://evil.example"


class Opened:
    """An application, asked from a page of another site."""

    def __init__(self, *origins: str) -> None:
        self._app = FastAPI(middleware=[Middleware(CrossOrigin, origins=origins)])
        for path in ("/dicom-web/studies", "/wado", "/api/v1/session"):
            self._app.add_api_route(path, lambda: {"ok": True})

    def request(self, method: str, path: str, headers: dict[str, str]) -> httpx.Headers:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://node") as http:
                return await http.request(method, path, headers=headers)

        return asyncio.run(ask()).headers

    def get(self, path: str, origin: str) -> httpx.Headers:
        return self.request("GET", path, {"Origin": origin})


@pytest.fixture
def allowed() -> Opened:
    return Opened(VIEWER)


def preflight(opened: Opened, origin: str, path: str = "/dicom-web/studies", method: str = "GET") -> dict[str, str]:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, range",
    }
    headers = opened.request("OPTIONS", path, asked)
    return {name: value for name, value in headers.items() if name.startswith("access-control")}


@pytest.mark.parametrize("path", ["/dicom-web/studies", "/wado"])
def test_a_page_that_is_named_may_read(allowed: Opened, path: str) -> None:
    assert preflight(allowed, VIEWER, path)["access-control-allow-origin"] == VIEWER
    answer = allowed.get(path, VIEWER)
    assert answer["access-control-allow-origin"] == VIEWER
    assert "Content-Range" in answer["access-control-expose-headers"]
    assert "Origin" in answer["vary"]


def test_the_session_of_the_nodes_own_page_is_never_theirs(allowed: Opened) -> None:
    assert "access-control-allow-credentials" not in preflight(allowed, VIEWER)
    answer = allowed.get("/dicom-web/studies", VIEWER)
    assert "access-control-allow-credentials" not in answer


def test_other_pages_may_not(allowed: Opened) -> None:
    assert "access-control-allow-origin" not in preflight(allowed, STRANGER)
    assert "access-control-allow-origin" not in allowed.get("/wado", STRANGER)


def test_nothing_but_dicomweb_is_read_from_elsewhere(allowed: Opened) -> None:
    assert preflight(allowed, VIEWER, "/api/v1/session") == {}
    assert "access-control-allow-origin" not in allowed.get("/api/v1/session", VIEWER)


def test_nobody_deletes_from_elsewhere(allowed: Opened) -> None:
    assert "DELETE" not in preflight(allowed, VIEWER, method="DELETE").get("access-control-allow-methods", "")


def test_by_default_no_page_may() -> None:
    assert preflight(Opened(), VIEWER) == {}
