"""What the OpenAPI description says of `/api/v1` and `/dicom-web` is what they do; schemathesis makes the requests."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from access.permissions import Role
from api.description import operations
from tests.acceptance.peers import schemathesis_hooks
from tests.acceptance.peers.described import EXAMPLES, described_node
from tests.api.serving import Served

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

_ROOT = Path(__file__).parents[2]
_EXECUTABLE = Path(sys.executable).parent / "schemathesis"
# These would call whatever host was made up for an AE.
_CALLING = r"^/api/v1/aes/\{name\}/(echo|query|retrieve)$"
# These take away what the requests are about, or the credentials of whoever asks: they are asked last.
_TAKING = r"^/api/v1/(users|apikeys)/"
# All kinds of objects without a patient have the same handlers; one of them is asked.
_ALIKE = r"^/dicom-web/(?!studies|series|instances|workitems|color-palettes)"
_NOT_DELETING = ("--exclude-method", "DELETE")
_CONFIGURATION = """
[checks]
# A schema says less than the standard: what it allows may still be wrong.
positive_data_acceptance.enabled = false
# Wrong passwords are counted, and soon answered by 429. Who gets through where, other tests ask.
ignored_auth.enabled = false

# An upload is of any number of files: what the form holds beside them is passed over.
[[operations]]
include-path = "/api/v1/uploads"
checks.negative_data_rejection.enabled = false
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with described_node(tmp_path_factory.mktemp("described")) as opened:
        yield opened


@pytest.fixture(scope="module")
def document(served: Served) -> Any:
    with served.as_admin() as client:
        return client.get("/api/v1/openapi.json").raise_for_status().json()


def test_all_of_it_is_described(document: Any) -> None:
    paths = set(document["paths"])
    assert {"/api/v1/jobs", "/dicom-web/studies", "/dicom-web/workitems/{workitem_uid}/state", "/wado"} <= paths
    named = re.compile(r"\{(\w+)\}")
    for path, method, operation in operations(document):
        described = {item["name"] for item in operation.get("parameters", ()) if item["in"] == "path"}
        assert described == set(named.findall(path)), (method, path)
    identifiers = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer iso_nobody"}], ids=["none", "a wrong key"])
def test_without_credentials_every_operation_is_refused(served: Served, document: Any, headers: dict[str, str]) -> None:
    with served.anonymous(**headers) as client:
        for path, method, operation in operations(document):
            if operation.get("security") == []:
                continue
            answer = client.request(method, re.sub(r"\{(\w+)\}", _example, path))
            assert answer.status_code == HTTPStatus.UNAUTHORIZED, (method, path)
            assert "Bearer" in answer.headers["www-authenticate"]
            assert answer.headers["content-type"] == "application/problem+json"


def _example(name: re.Match[str]) -> str:
    return EXAMPLES.get(name[1], "1")


@pytest.mark.parametrize(
    "selection",
    [
        ("--include-path-regex", "^/api/", *_NOT_DELETING, "--exclude-path-regex", f"{_CALLING}|{_TAKING}"),
        ("--include-path-regex", "^/(dicom-web|wado)", *_NOT_DELETING, "--exclude-path-regex", _ALIKE),
        ("--include-method", "DELETE", "--include-path-regex", _TAKING, "--exclude-path-regex", _ALIKE),
    ],
    ids=["api", "dicom-web", "what takes away"],
)
def test_nothing_contradicts_the_description(served: Served, tmp_path: Path, selection: tuple[str, ...]) -> None:
    (tmp_path / "schemathesis.toml").write_text(_CONFIGURATION)
    done = subprocess.run(
        [
            *(str(_EXECUTABLE), "run", f"{served.url}/api/v1/openapi.json", *selection),
            *("--header", f"Authorization: Bearer {served.keys[Role.ADMIN]}"),
            *("--phases", "coverage,fuzzing", "--max-examples", "3", "--seed", "1", "--no-shrink", "--warnings", "off"),
            *("--request-timeout", "60"),
        ],
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": schemathesis_hooks.__name__, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
