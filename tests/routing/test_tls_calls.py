"""Calls to remote AEs over TLS: DCMTK's storescp as the peer, and what is said when no trust comes about."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.retrieve import StoredInstance
from config.sections import TlsSettings
from routing.delivery import deliver
from routing.echo import echo
from routing.peers import Peer
from routing.tls_contexts import requestor_context
from routing.tls_files import CurrentContext
from tests.certificates import Authority, Identity
from tests.routing.peers import Files, one_connection, peer
from tests.scp.samples import ct_image, encode
from tests.waiting import answers, free_port, wait_until

Call = Callable[..., Peer]


@contextmanager
def storescp(folder: Path, *options: str | Path) -> Iterator[int]:
    """Run DCMTK's storage SCP over TLS; gives its port."""
    port = free_port()
    command = ["storescp", "-q", "-aet", "PACS1", "-od", folder, *options, str(port)]
    with subprocess.Popen(command) as process:
        wait_until(lambda: answers(port), what="storescp")
        try:
            yield port
        finally:
            process.terminate()


def _object(files: Files) -> StoredInstance:
    image = ct_image()
    return files.add(encode(image), uid=str(image.SOPInstanceUID))


@pytest.fixture
def call(authority: Authority) -> Call:
    """Describe a peer that is called over TLS."""

    def describe(port: int, **tls: Any) -> Peer:
        settings = TlsSettings(**{"ca": authority.cert, **tls})
        return peer(port, tls=CurrentContext(requestor_context, settings))

    return describe


def _read_to_the_end(connection: socket.socket) -> None:
    while connection.recv(1000):
        pass


def test_objects_are_sent_over_tls(tmp_path: Path, call: Call, identity: Identity) -> None:
    files = Files(tmp_path / "files")
    files.folder.mkdir()
    received = tmp_path / "received"
    received.mkdir()
    with storescp(received, "+tls", identity.key, identity.cert, "-ic") as port:
        destination = call(port)
        assert echo(destination).message == "C-ECHO succeeded"
        sent = [_object(files) for _ in range(3)]
        outcomes = list(deliver(destination, sent, files))
    assert [outcome.status for outcome in outcomes] == [0, 0, 0]
    assert len(list(received.iterdir())) == 3


def test_a_peer_that_requires_our_certificate_gets_it(
    tmp_path: Path, call: Call, authority: Authority, identity: Identity
) -> None:
    with storescp(tmp_path, "+tls", identity.key, identity.cert, "-rc", "+cf", authority.cert) as port:
        assert echo(call(port, cert=identity.cert, key=identity.key)).ok
        refused = echo(call(port))
    assert not refused.ok
    # Whether the peer's alert or its reset comes first is a race; both are told in these words.
    assert "requires a certificate of ours" in refused.message


def test_a_peer_of_another_authority_is_not_trusted(tmp_path: Path, call: Call, identity: Identity) -> None:
    stranger = Authority(tmp_path / "stranger", "stranger")
    with storescp(tmp_path, "+tls", identity.key, identity.cert, "-ic") as port:
        result = echo(call(port, ca=stranger.cert))
    assert not result.ok
    assert result.message == "TLS: the peer's certificate is not accepted: unable to get local issuer certificate"


def test_a_certificate_of_another_host_is_not_accepted_unless_configured(
    tmp_path: Path, call: Call, authority: Authority
) -> None:
    elsewhere = authority.issue("elsewhere", names="DNS:elsewhere.example.org")
    with storescp(tmp_path, "+tls", elsewhere.key, elsewhere.cert, "-ic") as port:
        result = echo(call(port))
        assert echo(call(port, check_host=False)).ok
    assert not result.ok
    assert "not valid for '127.0.0.1'" in result.message


def test_a_plain_port_is_told(tmp_path: Path, call: Call) -> None:
    with storescp(tmp_path) as port:
        result = echo(call(port))
    assert not result.ok
    assert result.message == "the peer broke off the TLS handshake; perhaps this is its plain port"


def test_a_peer_that_never_shakes_hands_is_a_time_out(call: Call) -> None:
    with one_connection(_read_to_the_end) as destination:
        silent = replace(call(destination.port), connect_seconds=0.3)
        assert echo(silent).message == "the peer did not finish the TLS handshake in time"


def test_a_peer_of_tls_1_1_is_refused(call: Call, identity: Identity) -> None:
    port = free_port()
    old = ["openssl", "s_server", "-quiet", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-port", str(port)]
    old += ["-cert", str(identity.cert), "-key", str(identity.key)]
    with subprocess.Popen(old, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: answers(port), what="s_server")
        result = echo(call(port))
        process.terminate()
    assert result.message == "TLS: the peer does not accept our versions of TLS"


def test_files_that_cannot_be_used_are_told(call: Call, tmp_path: Path) -> None:
    with one_connection(lambda connection: connection.recv(10)) as destination:
        result = echo(call(destination.port, ca=tmp_path / "none.pem"))
    assert result.message == f"dicom.tls.ca: {tmp_path}/none.pem cannot be read: No such file or directory"
