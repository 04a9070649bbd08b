import pytest
from starlette.datastructures import Headers

from api.crosssite import is_same_origin, may_change

_HOST = {"host": "node.example:8080"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": "http://node.example:8080"},
        {"origin": "https://NODE.example:8080"},
    ],
)
def test_programs_and_our_own_page_are_taken_for_what_they_are(headers: dict[str, str]) -> None:
    assert is_same_origin(Headers({**_HOST, **headers}))


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "http://node.example"},
        {"origin": "http://node.example:8080.evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://[broken"},
        {"origin": "http://evil.example", "sec-fetch-site": "none"},
    ],
)
def test_other_sites_are_seen(headers: dict[str, str]) -> None:
    assert not is_same_origin(Headers({**_HOST, **headers}))


def test_the_sessions_token_proves_a_request_that_nothing_else_proves() -> None:
    headers = Headers({**_HOST, "origin": "http://evil.example", "x-csrf-token": "right"})
    assert may_change("POST", headers, "right")
    assert not may_change("POST", headers, "other")
    assert not may_change("POST", headers, None)


def test_reading_needs_no_proof() -> None:
    assert may_change("GET", Headers({**_HOST, "origin": "http://evil.example"}), None)
