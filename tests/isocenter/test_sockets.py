"""Listening sockets: bound early, handed down by number."""

import socket

import pytest

from isocenter.failures import CannotStart
from isocenter.sockets import bind, inherited, port_of, reachable


def test_port_zero_takes_a_free_one() -> None:
    with bind("127.0.0.1", 0, purpose="DICOM", key="dicom.port") as listener:
        socket.create_connection(("127.0.0.1", port_of(listener)), timeout=5).close()


def test_a_port_that_was_just_used_can_be_bound_again() -> None:
    with bind("127.0.0.1", 0, purpose="DICOM", key="dicom.port") as first:
        port = port_of(first)
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            first.accept()[0].close()
    with bind("127.0.0.1", port, purpose="DICOM", key="dicom.port") as second:
        assert port_of(second) == port


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(CannotStart, match=r"dicom\.port: cannot listen on 192\.0\.2\.1:0 for DICOM"):
        bind("192.0.2.1", 0, purpose="DICOM", key="dicom.port")


def test_a_name_that_is_no_address_is_told() -> None:
    with pytest.raises(CannotStart, match=r"web\.host: 'no such host' is no address"):
        bind("no such host", 0, purpose="HTTP", key="web.port")


def test_a_socket_is_taken_over_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    with bind("127.0.0.1", 0, purpose="HTTP", key="web.port") as listener:
        monkeypatch.setenv("ISOCENTER_WEB_FD", str(listener.fileno()))
        taken = inherited("ISOCENTER_WEB_FD")
        assert taken is not None
        assert port_of(taken) == port_of(listener)
        taken.detach()


def test_without_a_number_nothing_is_taken_over() -> None:
    assert inherited("ISOCENTER_WEB_FD") is None


@pytest.mark.parametrize("text", ["x", "99999"])
def test_a_number_that_is_no_socket_is_told(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("ISOCENTER_LISTEN_FD", text)
    with pytest.raises(CannotStart, match="is no socket of this process"):
        inherited("ISOCENTER_LISTEN_FD")


@pytest.mark.parametrize(
    ("host", "expected"),
    [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("10.1.2.3", "10.1.2.3"), ("fe80::1", "[fe80::1]")],  # noqa: S104
)
def test_a_listener_on_all_addresses_is_reached_on_the_loopback(host: str, expected: str) -> None:
    assert reachable(host) == expected
