"""Accounts, keys, remote AEs, routes: what administrators configure at run time."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from access import remote_aes
from access.permissions import Role
from archive import associations
from tests.api.serving import PASSWORD, Served
from tests.waiting import answers, free_port, wait_until

_AE = {"name": "PACS1", "ae_title": "PACS1", "host": "127.0.0.1", "port": 11113}


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[int]:
    """Run DCMTK's storescp and return its port."""
    port = free_port()
    process = subprocess.Popen(["storescp", "--output-directory", str(tmp_path), str(port)])
    try:
        wait_until(lambda: answers(port), what="storescp")
        yield port
    finally:
        process.terminate()
        process.wait()


def test_a_remote_ae_is_made_read_changed_and_removed(any_node: Served) -> None:
    with any_node.as_admin() as admin:
        made = admin.post("/api/v1/aes", json={**_AE, "allowed": ["echo", "store"], "results": True})
        assert made.status_code == 201
        ae = made.json()
        assert {**_AE, "allowed": ["echo", "store"], "results": True, "source": "runtime"}.items() <= ae.items()
        assert admin.post("/api/v1/aes", json=_AE).status_code == 409
        assert admin.get("/api/v1/aes/PACS1").json() == ae
        (listed,) = admin.get("/api/v1/aes").json()["items"]
        assert ae.items() <= listed.items()
        changed = admin.put("/api/v1/aes/PACS1", json={**listed, "port": 104})
        assert (changed.status_code, changed.json()) == (200, {**ae, "port": 104})
        assert admin.delete("/api/v1/aes/PACS1").status_code == 204
        assert admin.delete("/api/v1/aes/PACS1").status_code == 404
        actions = [item["action"] for item in admin.get("/api/v1/audit").json()["items"]]
    assert [action for action in actions if action.startswith("ae.")] == ["ae.deleted", "ae.changed", "ae.created"]


def test_a_remote_ae_is_called_by_its_title_when_it_has_no_name(node: Served) -> None:
    with node.as_admin() as admin:
        made = admin.post("/api/v1/aes", json={"ae_title": "CT1", "host": "ct1.example", "port": 104}).json()
        assert made["name"] == "CT1"
        kept = admin.put("/api/v1/aes/CT1", json={"ae_title": "CT2", "host": "ct1.example", "port": 104}).json()
    assert (kept["name"], kept["ae_title"]) == ("CT1", "CT2")


@pytest.mark.parametrize(
    "change",
    [
        {"ae_title": ""},
        {"ae_title": "SEVENTEEN_LETTERS"},
        {"ae_title": "A\\B"},
        {"port": 0},
        {"port": "104"},
        {"port": 65536},
        {"host": ""},
        {"host": "http://pacs.example"},
        {"host": "169.254.169.254"},
        {"host": "0xA9FEA9FE"},
        {"transfer_syntaxes": ["Implicit"]},
        {"name": "CT/1"},
        {"name": ".."},
        {"allowed": ["destroy"]},
        {"source_networks": ["everywhere"]},
        {"unknown": 1},
    ],
)
def test_an_impossible_remote_ae_is_refused_and_the_field_is_named(shared_node: Served, change: dict[str, Any]) -> None:
    with shared_node.as_admin() as admin:
        answer = admin.post("/api/v1/aes", json={**_AE, **change})
    assert answer.status_code == 422
    assert next(iter(change)) in answer.json()["detail"]


def test_a_remote_ae_of_another_tenant_is_not_there(node: Served) -> None:
    other = remote_aes.RemoteAE(name="THEIRS", ae_title="THEIRS", host="there", port=104, tenant="other")
    node.database.write(remote_aes.add, other, now=time.time())
    with node.as_admin() as admin:
        assert admin.get("/api/v1/aes").json()["items"] == []
        assert admin.get("/api/v1/aes/THEIRS").status_code == 404
        assert admin.put("/api/v1/aes/THEIRS", json=_AE).status_code == 404
        assert admin.delete("/api/v1/aes/THEIRS").status_code == 404
        assert admin.post("/api/v1/aes/THEIRS/echo").status_code == 404
        assert admin.post("/api/v1/aes", json={**_AE, "tenant": "other"}).status_code == 403


def test_an_echo_tells_how_long_it_took(node: Served, peer: int) -> None:
    with node.as_admin() as admin:
        admin.post("/api/v1/aes", json={**_AE, "port": peer})
        outcome = admin.post("/api/v1/aes/PACS1/echo").json()
    assert outcome["ok"] is True
    assert outcome["message"] == "C-ECHO succeeded"
    assert isinstance(outcome["milliseconds"], int)


def test_an_echo_tells_why_it_failed(node: Served) -> None:
    with node.as_admin() as admin:
        admin.post("/api/v1/aes", json={**_AE, "port": free_port()})
        outcome = admin.post("/api/v1/aes/PACS1/echo").json()
    assert outcome["ok"] is False
    assert "refused" in outcome["message"]


def test_a_route_is_made_read_changed_and_removed(any_node: Served) -> None:
    with any_node.as_admin() as admin:
        made = admin.post("/api/v1/routes", json={"name": "ct", "from": "CT1", "modality": ["CT"], "to": ["PACS1"]})
        assert made.status_code == 201
        route = made.json()
        assert (route["from"], route["modality"], route["to"], route["enabled"]) == (["CT1"], ["CT"], ["PACS1"], True)
        assert admin.post("/api/v1/routes", json={"name": "ct", "to": "PACS1"}).status_code == 409
        (listed,) = admin.get("/api/v1/routes").json()["items"]
        changed = admin.put("/api/v1/routes/ct", json={**listed, "enabled": False})
        assert changed.json() == {**route, "enabled": False}
        assert admin.get("/api/v1/routes/ct").json() == {**route, "enabled": False}
        for nowhere in ([], "", [""]):
            assert admin.post("/api/v1/routes", json={"name": "nowhere", "to": nowhere}).status_code == 422
        assert admin.delete("/api/v1/routes/ct").status_code == 204
        assert admin.get("/api/v1/routes/ct").status_code == 404


def test_an_account_is_made_used_changed_and_removed(any_node: Served) -> None:
    new = {"username": "grace", "password": PASSWORD, "role": "clinician", "name": "Dr. Grace"}
    with any_node.as_admin() as admin, httpx.Client(base_url=any_node.url, auth=("grace", PASSWORD)) as grace:
        made = admin.post("/api/v1/users", json=new)
        assert made.status_code == 201
        assert "password" not in made.text
        assert admin.post("/api/v1/users", json=new).status_code == 409
        assert grace.get("/api/v1/session").json()["name"] == "Dr. Grace"
        assert admin.post("/api/v1/users", json={**new, "username": "root", "role": "admin"}).status_code == 201
        assert admin.put("/api/v1/users/grace", json={"role": "auditor"}).json()["role"] == "auditor"
        assert grace.get("/api/v1/jobs").status_code == 403
        assert admin.put("/api/v1/users/grace", json={"enabled": False}).status_code == 200
        assert grace.get("/api/v1/session").status_code == 401
        assert admin.delete("/api/v1/users/grace").status_code == 204
        assert [user["username"] for user in admin.get("/api/v1/users").json()["items"]] == ["root"]
        assert admin.delete("/api/v1/users/root").status_code == 409


@pytest.mark.parametrize(
    "change", [{"password": "short"}, {"username": "a:b"}, {"username": ""}, {"username": "a/b"}, {"role": "king"}]
)
def test_an_impossible_account_is_refused(shared_node: Served, change: dict[str, str]) -> None:
    new = {"username": "grace", "password": PASSWORD, "role": "clinician", **change}
    with shared_node.as_admin() as admin:
        answer = admin.post("/api/v1/users", json=new)
    assert answer.status_code == 422
    assert PASSWORD not in answer.text


def test_a_key_is_shown_once_used_and_revoked(any_node: Served) -> None:
    with any_node.as_admin() as admin:
        made = admin.post("/api/v1/apikeys", json={"name": "export", "role": "service"})
        assert made.status_code == 201
        key = made.json()["key"]
        listed = admin.get("/api/v1/apikeys", params={"name": "export"})
        assert key not in listed.text
        with any_node.anonymous(Authorization=f"Bearer {key}") as program:
            assert program.get("/api/v1/results").status_code == 200
            assert program.get("/api/v1/users").status_code == 403
            assert admin.delete(f"/api/v1/apikeys/{made.json()['id']}").status_code == 204
            assert program.get("/api/v1/results").status_code == 401


def test_a_key_ends_when_it_expires(node: Served) -> None:
    body = {"name": "export", "role": "service", "expires": "2020-01-01T00:00:00Z"}
    with node.as_admin() as admin:
        key = admin.post("/api/v1/apikeys", json=body).json()["key"]
    with node.anonymous(Authorization=f"Bearer {key}") as program:
        assert program.get("/api/v1/results").status_code == 401


def test_rejected_associations_are_listed_with_the_reason(node: Served) -> None:
    node.database.write(
        associations.rejected,
        "default",
        calling_ae_title="STRANGER",
        called_ae_title="ISOCENTER",
        address="192.0.2.1",
        reason="1/1/3 calling AE title not recognized",
        now=time.time(),
    )
    with node.as_role(Role.AUDITOR) as auditor:
        (item,) = auditor.get("/api/v1/associations", params={"state": "rejected"}).json()["items"]
        assert auditor.get("/api/v1/associations", params={"state": "open"}).json()["items"] == []
    assert item["calling_ae_title"] == "STRANGER"
    assert item["reason"] == "1/1/3 calling AE title not recognized"
