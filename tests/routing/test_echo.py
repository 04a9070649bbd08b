"""C-ECHO, and what is said when it fails."""

import socket
import struct
from dataclasses import replace

import pytest
from pynetdicom import evt

from routing.echo import VERIFICATION, echo
from routing.pdu import AbortSource, encode_abort, encode_reject
from tests.routing.peers import EXPLICIT, one_connection, peer, scp
from tests.waiting import free_port


def test_a_peer_that_answers_is_ok() -> None:
    with scp({VERIFICATION: [EXPLICIT]}, []) as destination:
        result = echo(destination)
    assert result.ok
    assert result.message == "C-ECHO succeeded"
    assert 0 <= result.milliseconds < 5000


def test_a_failure_status_is_said() -> None:
    with scp({VERIFICATION: [EXPLICIT]}, [(evt.EVT_C_ECHO, lambda _: 0x0122)]) as destination:
        assert echo(destination).message == "C-ECHO answered with status 0122H"


def test_a_peer_without_verification_is_said() -> None:
    with scp({"1.2.840.10008.5.1.4.1.1.2": [EXPLICIT]}, []) as destination:
        result = echo(destination)
    assert (result.ok, result.message) == (False, "the association was accepted, but not the Verification service")


def test_a_rejection_is_said_in_words() -> None:
    with scp({VERIFICATION: [EXPLICIT]}, [], require_called_aet=True, ae_title="OTHER") as destination:
        result = echo(destination)
    assert (result.ok, result.message) == (False, "association refused: 1/1/7 called AE title not recognized")


def test_a_port_that_is_closed_is_said() -> None:
    assert echo(peer(free_port())).message == "no connection: Connection refused"


def test_a_host_that_is_unknown_is_said() -> None:
    result = echo(replace(peer(104), host="host.invalid"))
    assert not result.ok
    assert result.message.startswith("no connection: ")


def test_a_host_that_no_name_service_has_is_said() -> None:
    result = echo(replace(peer(104), host="x" * 100))
    assert result.message == "no connection: Name or service not known"


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "2852039166", "0xA9FEA9FE", "::ffff:169.254.169.254", "fd00:ec2::254"]
)
def test_credentials_of_the_machine_are_no_peer(host: str) -> None:
    result = echo(replace(peer(80), host=host))
    assert result.message == "no connection: the address is one that no DICOM peer has"


def test_a_peer_that_says_nothing_is_a_time_out() -> None:
    with one_connection(lambda connection: connection.recv(100_000) and connection.recv(1)) as destination:
        result = echo(peer(destination.port, connect_seconds=0.3))
    assert result.message == "no answer to the association request within 0.3 s"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (encode_abort(AbortSource.SERVICE_USER), "aborted by the peer (service user, reason 0)"),
        (encode_reject(2, 3, 2), "association refused: 2/3/2 local limit exceeded"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(100), "the peer does not speak DICOM"),
        (struct.pack(">BxI", 5, 4) + bytes(4), "PDU type 05H answers A-ASSOCIATE-RQ"),
        (struct.pack(">BxI", 2, 1 << 30), "answer of 1073741824 bytes to A-ASSOCIATE-RQ"),
        (b"", "the peer closed the connection"),
    ],
)
def test_any_other_answer_is_said(answer: bytes, message: str) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(100_000)
        connection.sendall(answer)

    with one_connection(serve) as destination:
        assert echo(destination).message == message
