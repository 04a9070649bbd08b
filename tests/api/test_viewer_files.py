import gzip
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp

from api.headers import SecurityHeaders
from api.problems import answer_http_exception
from api.viewer import Viewer

_PAGE = "<!doctype html><title>Isocenter</title>"
_SCRIPT = "console.log('worklist')"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    built = tmp_path / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text(_PAGE)
    (built / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (built / "assets" / "index-4f3a.js").write_text(_SCRIPT)
    (built / "assets" / "index-4f3a.js.gz").write_bytes(gzip.compress(_SCRIPT.encode()))
    (built / "assets" / "codec.wasm").write_bytes(b"\0asm")
    (tmp_path / "secret.txt").write_text("secret")
    return built


@pytest.fixture
def client(folder: Path) -> httpx.AsyncClient:
    return _client(folder)


def _client(folder: Path) -> httpx.AsyncClient:
    app = Starlette(exception_handlers={404: answer_http_exception, 405: answer_http_exception})
    app.router.default = Viewer(folder)
    guarded: ASGIApp = SecurityHeaders(app)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(guarded), base_url="http://node", headers={"Accept-Encoding": ""}
    )


@pytest.mark.parametrize("path", ["/", "/studies/1.2.3", "/admin", "/apiary"])
async def test_every_path_of_the_page_answers_the_page(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.text == _PAGE
    assert answer.headers["cache-control"] == "no-cache"
    assert "script-src 'self' 'wasm-unsafe-eval'" in answer.headers["content-security-policy"]


async def test_a_path_that_no_file_system_takes_is_that_of_no_file(client: httpx.AsyncClient) -> None:
    assert (await client.get("/assets/" + "a/" * 5000)).status_code == 404
    assert (await client.get("/assets/" + "a" * 300 + ".js")).status_code == 404
    assert (await client.get("/" + "a" * 5000)).text == _PAGE


async def test_hashed_assets_stay_in_the_browser(client: httpx.AsyncClient) -> None:
    answer = await client.get("/assets/index-4f3a.js")
    assert answer.text == _SCRIPT
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]


async def test_a_packed_asset_is_sent_to_those_who_can_unpack_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/assets/index-4f3a.js", headers={"Accept-Encoding": "gzip, br;q=0.5"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.text == _SCRIPT


async def test_codecs_have_the_type_that_browsers_compile(client: httpx.AsyncClient) -> None:
    assert (await client.get("/assets/codec.wasm")).headers["content-type"] == "application/wasm"


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/dicom-web/nothing", "/assets/gone.js", "/ws/nothing", "/wado"])
async def test_what_is_not_there_is_not_the_page(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/..%2fsecret.txt", "/assets/..%2f..%2fsecret.txt", "/....//secret.txt", "/%00"]
)
async def test_nothing_outside_of_the_build_is_answered(client: httpx.AsyncClient, path: str) -> None:
    assert "secret" not in (await client.get(path)).text


async def test_a_link_out_of_the_build_is_not_followed(folder: Path, client: httpx.AsyncClient) -> None:
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    assert "secret" not in (await client.get("/link.txt")).text


async def test_the_page_cannot_be_changed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


async def test_without_a_build_the_answer_says_how_to_make_one(tmp_path: Path) -> None:
    answer = await _client(tmp_path / "missing").get("/")
    assert answer.status_code == 503
    assert "npm run build" in answer.text
