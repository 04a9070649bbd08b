"""The TLS port of the listener, with DCMTK's and OpenSSL's tools as peers (PS3.15 Section B.12)."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.certificates import Authority, Identity
from tests.scp.running import Node
from tests.scp.samples import CT_IMAGE_STORAGE, ct_image, encode, write_file
from tests.scp.wire import EXPLICIT, IMPLICIT, VERIFICATION, Wire, echo_rq, store_rq
from tests.waiting import wait_until

CONTEXTS = {1: (VERIFICATION, (IMPLICIT,)), 3: (CT_IMAGE_STORAGE, (EXPLICIT,))}
Secure = Callable[..., Node]


@pytest.fixture
def secure(make_node: Callable[..., Node], identity: Identity) -> Secure:
    """Start a node with a TLS port."""

    def make(*, tls: dict[str, object] | None = None, **dicom: object) -> Node:
        return make_node(tls={"cert": identity.cert, "key": identity.key, **(tls or {})}, **dicom)

    return make


@pytest.fixture
def mutual(secure: Secure, authority: Authority) -> Node:
    return secure(tls={"ca": authority.cert, "client_auth": True})


@pytest.fixture
def connect(authority: Authority) -> Iterator[Callable[[Node], Wire]]:
    """Connect to the TLS port of a node, handshake and all."""
    context = ssl.create_default_context(cafile=authority.cert)
    made: list[Wire] = []

    def dial(node: Node) -> Wire:
        plain = socket.create_connection(("127.0.0.1", node.tls_port), timeout=20)
        made.append(Wire(context.wrap_socket(plain, server_hostname="127.0.0.1")))
        return made[-1]

    yield dial
    for wire in made:
        wire.close()


def dcmtk(program: str, port: int, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [program, "-v", "-aet", "MODALITY1", "-aec", "ISOCENTER", "127.0.0.1", str(port), *arguments]
    return subprocess.run(command, text=True, capture_output=True, check=False)


def test_echoscu_is_answered_over_tls_and_in_clear(secure: Secure, authority: Authority) -> None:
    node = secure()
    assert dcmtk("echoscu", node.tls_port, "+tla", "+cf", authority.cert).returncode == 0
    assert dcmtk("echoscu", node.port).returncode == 0


def test_storescu_sends_over_tls(secure: Secure, authority: Authority, identity: Identity, tmp_path: Path) -> None:
    node = secure()
    files = [write_file(ct_image(), tmp_path / f"{number}.dcm") for number in range(5)]
    own = ("+tls", identity.key, identity.cert, "+cf", authority.cert)
    done = dcmtk("storescu", node.tls_port, *own, *files)
    assert done.returncode == 0, done.stderr
    assert len(_objects(node)) == 5


def _objects(node: Node) -> list[Path]:
    return [file for file in node.files() if file.suffix == ".dcm"]


def test_a_large_object_arrives_whole(secure: Secure, connect: Callable[[Node], Wire]) -> None:
    node = secure()
    image = ct_image(Rows=1024, Columns=2048, PixelData=bytes(range(256)) * 16384)
    wire = connect(node)
    wire.associate(CONTEXTS)
    wire.command(3, store_rq(CT_IMAGE_STORAGE, image.SOPInstanceUID))
    wire.data(3, encode(image))
    assert wire.status() == 0
    (file,) = _objects(node)
    assert file.read_bytes().endswith(encode(image))


def test_many_requests_run_quickly_over_one_association(secure: Secure, connect: Callable[[Node], Wire]) -> None:
    wire = connect(secure())
    wire.associate(CONTEXTS)
    begun = monotonic()
    for number in range(200):
        wire.command(1, echo_rq(number + 1))
        assert wire.status() == 0
    assert (monotonic() - begun) / 200 < 0.01


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_older_versions_are_refused(secure: Secure, version: str) -> None:
    assert "Cipher is (NONE)" in s_client(secure().tls_port, version, "-cipher", "ALL:@SECLEVEL=0")


@pytest.mark.parametrize(
    ("version", "cipher"),
    [
        ("-tls1_2", "ECDHE-ECDSA-AES128-GCM-SHA256"),
        ("-tls1_2", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        ("-tls1_3", "TLS_AES"),
    ],
)
def test_the_versions_and_ciphers_of_the_profile_are_spoken(secure: Secure, version: str, cipher: str) -> None:
    options = ("-cipher", cipher) if version == "-tls1_2" else ()
    assert f"Cipher is {cipher}" in s_client(secure().tls_port, version, *options)


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES256-SHA", "AES128-SHA", "AES256-GCM-SHA384", "NULL"])
def test_other_ciphers_are_refused(secure: Secure, cipher: str) -> None:
    answer = s_client(secure().tls_port, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
    assert "Cipher is (NONE)" in answer


def s_client(port: int, *options: str) -> str:
    """Try a handshake; gives what OpenSSL says of it."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *options]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=False, timeout=20)
    return done.stdout + done.stderr


def test_renegotiation_is_refused(secure: Secure) -> None:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{secure().tls_port}", "-tls1_2"]
    # A line with a single R asks for it.
    done = subprocess.run(command, input="R\n", capture_output=True, text=True, check=False, timeout=20)
    assert "RENEGOTIATING" in done.stdout + done.stderr
    assert "no renegotiation" in done.stdout + done.stderr


def test_mutual_tls_lets_in_who_has_a_certificate_of_the_authority(
    mutual: Node, authority: Authority, identity: Identity, tmp_path: Path
) -> None:
    trust = ("+cf", authority.cert)
    assert dcmtk("echoscu", mutual.tls_port, "+tls", identity.key, identity.cert, *trust).returncode == 0
    assert dcmtk("echoscu", mutual.tls_port, "+tla", *trust).returncode != 0
    stranger = Authority(tmp_path / "other", "other").issue("stranger")
    assert dcmtk("echoscu", mutual.tls_port, "+tls", stranger.key, stranger.cert, *trust).returncode != 0
    assert dcmtk("echoscu", mutual.tls_port, "+tls", identity.key, identity.cert, *trust).returncode == 0


def test_ae_titles_are_checked_behind_tls_too(secure: Secure, connect: Callable[[Node], Wire]) -> None:
    wire = connect(secure())
    wire.request(CONTEXTS, calling=b"STRANGER".ljust(16))
    kind, body = wire.pdu()
    assert (kind, tuple(body[1:4])) == (3, (1, 1, 3))


@pytest.mark.parametrize("words", [b"GET / HTTP/1.1\r\n\r\n", b"\x01\x00\x00\x00\x00\xcd\x00\x01", b"\x16\x03\x01\x00"])
def test_what_is_no_tls_is_closed(secure: Secure, words: bytes) -> None:
    node = secure()
    begun = monotonic()
    with socket.create_connection(("127.0.0.1", node.tls_port), timeout=20) as connection:
        connection.sendall(words)
        while connection.recv(1000):
            pass
    assert monotonic() - begun < 5
    assert dcmtk("echoscu", node.port).returncode == 0


def test_silent_connections_on_both_ports_cost_nobody_anything(secure: Secure, connect: Callable[[Node], Wire]) -> None:
    node = secure(artim_seconds=3)
    before = threading.active_count()
    begun = monotonic()
    silent = [socket.create_connection(("127.0.0.1", port), timeout=20) for port in [node.port] * 100 + [node.tls_port]]
    for dial in (connect, lambda node: Wire(node.connect())):
        asked = monotonic()
        wire = dial(node)
        wire.associate(CONTEXTS)
        wire.command(1, echo_rq())
        assert wire.status() == 0
        assert monotonic() - asked < 1
        wire.close()
    assert threading.active_count() <= before + 2
    for connection in silent:
        assert connection.recv(1) == b""
        connection.close()
    assert 2 < monotonic() - begun < 8


def test_a_handshake_in_single_bytes_is_closed_at_artim(secure: Secure) -> None:
    node = secure(artim_seconds=1)
    begun = monotonic()
    with socket.create_connection(("127.0.0.1", node.tls_port)) as connection:
        connection.settimeout(0.1)
        with pytest.raises((ConnectionError, EOFError)):
            drip(connection, b"\x16\x03\x01\x01\x00" + bytes(256))
    assert 0.5 < monotonic() - begun < 5


def drip(connection: socket.socket, words: bytes) -> None:
    for byte in words:
        connection.sendall(bytes([byte]))
        try:
            if not connection.recv(100):
                raise EOFError
        except TimeoutError:
            continue


def test_new_certificates_count_without_a_restart(
    make_node: Callable[..., Node], authority: Authority, identity: Identity, tmp_path: Path
) -> None:
    cert, key = tmp_path / "used.pem", tmp_path / "used.key"
    shutil.copy(identity.cert, cert)
    shutil.copy(identity.key, key)
    node = make_node(tls={"cert": cert, "key": key})
    assert _shown(node, authority) == ssl.PEM_cert_to_DER_cert(identity.cert.read_text())
    renewed = authority.issue("renewed")
    shutil.copy(renewed.cert, cert)
    shutil.copy(renewed.key, key)
    expected = ssl.PEM_cert_to_DER_cert(renewed.cert.read_text())
    wait_until(lambda: _shown(node, authority) == expected, what="the new certificate")


def _shown(node: Node, authority: Authority) -> bytes:
    return ssl.PEM_cert_to_DER_cert(
        ssl.get_server_certificate(("127.0.0.1", node.tls_port), ca_certs=str(authority.cert))
    )


def test_stopping_aborts_an_idle_association_inside_tls(secure: Secure, connect: Callable[[Node], Wire]) -> None:
    node = secure()
    wire = connect(node)
    wire.associate(CONTEXTS)
    node.listener.stop()
    assert node.listener.drain(5)
    assert wire.pdu()[0] == 7


def test_stopping_lets_an_object_under_way_arrive_inside_tls(secure: Secure, connect: Callable[[Node], Wire]) -> None:
    node = secure()
    image = ct_image()
    wire = connect(node)
    wire.associate(CONTEXTS)
    wire.command(3, store_rq(CT_IMAGE_STORAGE, image.SOPInstanceUID))
    wait_until(node.files, what="the spool file")
    node.listener.stop()
    drained: list[bool] = []
    draining = threading.Thread(target=lambda: drained.append(node.listener.drain(10)))
    draining.start()
    wire.data(3, encode(image))
    assert wire.status() == 0
    assert wire.pdu()[0] == 7
    draining.join(10)
    assert drained == [True]
