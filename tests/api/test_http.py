"""What holds for every route: problems, headers, cross-site checks, collections, health, metrics, documentation."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import structlog

from access.permissions import Role
from api.openapi import description
from tests.api.serving import PASSWORD, Served, add_user, serving


@contextmanager
def _logged_in(node: Served, **headers: str) -> Iterator[tuple[httpx.Client, str]]:
    add_user(node.database, "ada", Role.ADMIN)
    with httpx.Client(base_url=node.url, timeout=30) as client:
        session = client.post("/api/v1/session", json={"username": "ada", "password": PASSWORD}).json()
        client.headers.update(headers)
        yield client, session["csrf"]


def _change(client: httpx.Client, **headers: str) -> int:
    body = {"name": "PACS1", "ae_title": "PACS1", "host": "127.0.0.1", "port": 104}
    return client.post("/api/v1/aes", json=body, headers=headers).status_code


def test_another_site_changes_nothing_with_a_persons_cookie(node: Served) -> None:
    with _logged_in(node, Origin="http://evil.example") as (client, csrf):
        assert _change(client) == 403
        assert _change(client, **{"X-CSRF-Token": "guess"}) == 403
        form = client.post("/api/v1/aes", data={"name": "PACS1"})
        assert form.status_code == 403
        assert client.get("/api/v1/aes").json()["items"] == []
        assert _change(client, **{"X-CSRF-Token": csrf}) == 201


@pytest.mark.parametrize("proof", ["origin", "sec-fetch-site", "none"])
def test_our_own_page_and_scripts_do(node: Served, proof: str) -> None:
    headers = {"origin": {"Origin": node.url}, "sec-fetch-site": {"Sec-Fetch-Site": "same-origin"}, "none": {}}[proof]
    with _logged_in(node, **headers) as (client, _):
        assert _change(client) == 201


def test_another_site_logs_nobody_in(node: Served) -> None:
    add_user(node.database, "ada")
    with node.anonymous(Origin="http://evil.example") as client:
        answer = client.post("/api/v1/session", json={"username": "ada", "password": PASSWORD})
    assert answer.status_code == 403


def test_another_site_changes_nothing_with_a_remembered_password(node: Served) -> None:
    add_user(node.database, "ada", Role.ADMIN)
    with httpx.Client(base_url=node.url, auth=("ada", PASSWORD), headers={"Origin": "http://evil.example"}) as client:
        assert _change(client) == 403


@pytest.mark.parametrize("path", ["/", "/api/v1/jobs", "/api/v1/nothing", "/healthz", "/metrics", "/api/docs"])
def test_every_answer_carries_the_security_headers(shared_node: Served, path: str) -> None:
    with shared_node.as_admin() as admin:
        headers = admin.get(path).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert "server" not in headers
    if path != "/":
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/jobs/999", 404),
        ("GET", "/api/v1/jobs/not-a-number", 404),
        ("GET", "/api/v1/studies/1.2.3/status", 404),
        ("DELETE", "/api/v1/studies/1.2.3", 404),
        ("GET", "/api/v1/aes/NOBODY", 404),
        ("PATCH", "/api/v1/jobs", 405),
        ("GET", "/api/v1/uploads", 405),
        ("GET", "/api/v1/jobs?limit=0", 400),
        ("GET", "/api/v1/jobs?limit=1001", 400),
        ("GET", "/api/v1/jobs?cursor=nonsense", 400),
        ("GET", "/api/v1/jobs?status=DONE", 400),
        ("GET", "/api/v1/jobs?stduy_uid=1.2", 400),
        ("GET", "/api/v1/studies?from=yesterday", 400),
        ("POST", "/api/v1/aes", 422),
        ("POST", "/api/v1/jobs/1/retry", 404),
        ("POST", "/api/v1/uploads", 415),
    ],
)
def test_errors_are_problem_documents(shared_node: Served, method: str, path: str, status: int) -> None:
    with shared_node.as_admin() as admin:
        answer = admin.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]


def test_an_unknown_filter_is_named(shared_node: Served) -> None:
    with shared_node.as_admin() as admin:
        assert "stduy_uid" in admin.get("/api/v1/jobs?stduy_uid=1.2").json()["detail"]


@pytest.mark.parametrize(
    "path",
    ["jobs", "results", "deliveries", "associations", "aes", "routes", "studies", "analyzers", "tenants", "users"],
)
def test_collections_have_items_and_next(shared_node: Served, path: str) -> None:
    with shared_node.as_admin() as admin:
        assert admin.get(f"/api/v1/{path}").json().keys() == {"items", "next"}


def test_pages_follow_each_other_newest_first(node: Served) -> None:
    with node.as_admin() as admin:
        for number in range(5):
            body = {"name": f"A{number}", "ae_title": f"A{number}", "host": "localhost", "port": 104}
            assert admin.post("/api/v1/aes", json=body).status_code == 201
        seen, cursor = [], None
        while True:
            query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
            page = admin.get("/api/v1/aes", params=query).json()
            seen += [item["name"] for item in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
    assert seen == ["A4", "A3", "A2", "A1", "A0"]


def test_the_interface_is_documented(shared_node: Served) -> None:
    with shared_node.as_role(Role.CLINICIAN) as client:
        description = client.get("/api/v1/openapi.json").json()
        page = client.get("/api/docs")
    assert description["openapi"].startswith("3.")
    assert "/api/v1/results/{result_id}/accept" in description["paths"]
    assert page.headers["content-type"].startswith("text/html")
    assert "/api/v1/results/{result_id}/accept" in page.text
    assert "<script" not in page.text


def test_the_access_log_names_the_route_and_no_query(shared_node: Served) -> None:
    with structlog.testing.capture_logs() as lines, shared_node.as_admin() as admin:
        admin.get("/api/v1/studies", params={"search": "DOE^JANE"})
        admin.get("/api/v1/studies/1.2.3/status")
        admin.get("/DOE^JANE")
    requests = [line for line in lines if line["event"] == "http_request"]
    assert [line["route"] for line in requests] == ["/api/v1/studies", "/api/v1/studies/{study_uid}/status", "viewer"]
    assert requests[1]["study_uid"] == "1.2.3"
    assert "DOE" not in str(lines)


def test_a_failure_inside_is_a_problem_without_its_text(sqlite_url: str, tmp_path: Path) -> None:
    def broken() -> list[dict[str, object]]:
        raise RuntimeError("DOE^JANE")

    with (
        serving(sqlite_url, tmp_path, analyzers=broken) as node,
        structlog.testing.capture_logs() as lines,
        node.as_admin() as admin,
    ):
        answer = admin.get("/api/v1/analyzers")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "x-content-type-options" in answer.headers
    failure = next(line for line in lines if line["event"] == "http_request_failed")
    assert failure["error"] == "RuntimeError"
    assert "broken" in failure["frames"][-1]
    assert "DOE" not in answer.text + str(lines)


@pytest.mark.parametrize("path", ["/api/v1/session", "/api/v1/aes"])
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_no_small_object_is_not_kept(shared_node: Served, path: str, announced: bool) -> None:
    body = b"[" * (2 << 20)
    with shared_node.as_admin() as admin:
        content = body if announced else iter([body[: 1 << 20], body[1 << 20 :]])
        answer = admin.post(path, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_description_is_made_without_a_node(shared_node: Served) -> None:
    with shared_node.as_admin() as admin:
        served = admin.get("/api/v1/openapi.json").json()
    assert description()["paths"] == served["paths"]


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/v1/session", "DELETE, GET, POST"),
        ("/api/v1/worklist/1", "DELETE, GET, PUT"),
        # Not the resource of an entry, though that has the same form.
        ("/api/v1/worklist/orders", "POST"),
    ],
)
def test_405_names_all_methods_of_the_resource(shared_node: Served, path: str, methods: str) -> None:
    with shared_node.as_admin() as admin:
        answer = admin.patch(path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == methods
