import httpx
import pytest

from access.permissions import Role
from tests.api.serving import PASSWORD, Served, add_user

_SESSION = "/api/v1/session"


def _log_in(client: httpx.Client, password: str = PASSWORD) -> httpx.Response:
    return client.post(_SESSION, json={"username": "ada", "password": password})


def test_a_person_logs_in_looks_and_logs_out(any_node: Served) -> None:
    add_user(any_node.database, "ada")
    with any_node.anonymous() as client:
        assert client.get(_SESSION).status_code == 401
        answer = _log_in(client)
        assert answer.status_code == 200
        assert {"username": "ada", "name": "Dr. Ada", "role": "clinician"}.items() <= answer.json().items()
        assert client.get(_SESSION).json() == answer.json()
        assert client.get("/api/v1/jobs").status_code == 200
        assert client.delete(_SESSION).status_code == 204
        assert client.get(_SESSION).status_code == 401


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(node: Served) -> None:
    add_user(node.database, "ada")
    with node.anonymous() as client:
        cookie = _log_in(client).headers["set-cookie"]
    assert cookie.startswith("isocenter_session=")
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))


def test_behind_tls_the_cookie_is_bound_to_the_host(node: Served) -> None:
    add_user(node.database, "ada")
    with node.anonymous(**{"X-Forwarded-Proto": "https"}) as client:
        cookie = _log_in(client).headers["set-cookie"]
    assert cookie.startswith("__Host-isocenter_session=")
    assert "Secure" in cookie.split("; ")


def test_a_session_that_ended_cannot_be_replayed(node: Served) -> None:
    add_user(node.database, "ada")
    with node.anonymous() as client:
        _log_in(client)
        stolen = dict(client.cookies)
        client.delete(_SESSION)
    with httpx.Client(base_url=node.url, cookies=stolen) as thief:
        assert thief.get(_SESSION).status_code == 401


def test_each_login_gets_a_session_of_its_own(node: Served) -> None:
    add_user(node.database, "ada")
    with node.anonymous(Cookie="isocenter_session=planted") as client:
        first = _log_in(client).cookies["isocenter_session"]
    with node.anonymous() as client:
        second = _log_in(client).cookies["isocenter_session"]
    assert len({"planted", first, second}) == 3


def test_a_wrong_password_is_refused_as_an_unknown_name_is(node: Served) -> None:
    add_user(node.database, "ada")
    with node.anonymous() as client:
        wrong = _log_in(client, "wrong password")
        unknown = client.post(_SESSION, json={"username": "bob", "password": "wrong password"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.headers["content-type"] == "application/problem+json"
    assert wrong.json() == unknown.json()
    assert wrong.json()["detail"] == "User name or password is wrong."


@pytest.mark.parametrize("way", ["session", "basic"])
def test_who_guesses_has_to_wait(node: Served, way: str) -> None:
    add_user(node.database, "ada")
    with node.anonymous() as client:
        answers = [
            _log_in(client, f"guess {number}")
            if way == "session"
            else client.get("/api/v1/jobs", auth=("ada", f"guess {number}"))
            for number in range(6)
        ]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429]
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert _log_in(client).status_code == 429


def test_failed_and_good_logins_are_on_record(node: Served) -> None:
    add_user(node.database, "ada")
    with node.anonymous() as client:
        _log_in(client, "wrong password")
        _log_in(client)
    with node.as_role(Role.AUDITOR) as auditor:
        items = auditor.get("/api/v1/audit", params={"action": "user.login"}).json()["items"]
    assert [(item["principal"], item["outcome"]) for item in items] == [("ada", "success"), ("ada", "failure")]


def test_tools_send_the_password_with_every_request(node: Served) -> None:
    add_user(node.database, "ada")
    with httpx.Client(base_url=node.url, auth=("ada", PASSWORD)) as tool:
        assert [tool.get("/api/v1/jobs").status_code for _ in range(3)] == [200] * 3


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Bearer iso_wrong", "Bearer eyJhbGciOiJub25lIn0.e30.", "Basic", "Basic !!!", "Basic YWRh", "Digest x"],
)
def test_what_proves_nothing_is_answered_with_a_challenge(shared_node: Served, authorization: str) -> None:
    with shared_node.anonymous(Authorization=authorization) as client:
        answer = client.get("/api/v1/jobs")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_a_browser_gets_no_challenge_that_opens_its_own_dialog(shared_node: Served) -> None:
    with shared_node.anonymous(**{"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}) as client:
        assert client.get(_SESSION).headers["www-authenticate"] == "Bearer"


def test_a_malformed_login_names_the_field_and_repeats_nothing(shared_node: Served) -> None:
    with shared_node.anonymous() as client:
        answer = client.post(_SESSION, json={"username": "ada", "password": ["secret!"]})
    assert answer.status_code == 422
    assert "body.password" in answer.text
    assert "secret!" not in answer.text


@pytest.mark.parametrize("username", ["\0", "a\0b\nc"])
def test_a_name_that_no_person_has_is_refused_like_any_other(any_node: Served, username: str) -> None:
    with any_node.anonymous() as client:
        assert client.post(_SESSION, json={"username": username, "password": PASSWORD}).status_code == 401
    with any_node.as_role(Role.AUDITOR) as auditor:
        items = auditor.get("/api/v1/audit", params={"action": "user.login"}).json()["items"]
    assert [item["principal"] for item in items] == [username.replace("\0", "\\x00").replace("\n", "\\n")]
