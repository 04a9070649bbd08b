"""The whole node with a TLS port: ready, reachable, asked and stopped; and what keeps it from starting."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from archive import retrieve
from archive.database import Database
from config.sections import TlsSettings
from routing.echo import echo
from routing.peers import Peer
from routing.tls_contexts import requestor_context
from routing.tls_files import CurrentContext
from tests.certificates import Authority, Identity
from tests.isocenter.nodes import ServedNode
from tests.scp.samples import CT_IMAGE_STORAGE, ct_image, encode
from tests.scp.wire import EXPLICIT, IMPLICIT, VERIFICATION, Wire, store_rq
from tests.waiting import answers, free_port, wait_until

CONTEXTS = {1: (VERIFICATION, (IMPLICIT,)), 3: (CT_IMAGE_STORAGE, (EXPLICIT,))}
Serve = Callable[..., ServedNode]

_CONFIGURATION = """
[dicom]
unknown_callers = "store"
[dicom.tls]
port = {port}
cert = "{identity.cert}"
key = "{identity.key}"
ca = "{authority.cert}"
client_auth = {client_auth}
[[ae]]
ae_title = "ISOCENTER"
name = "MYSELF"
host = "127.0.0.1"
port = {port}
tls = true
"""


class SecureNode(ServedNode):
    """A node with a TLS port."""

    def __init__(
        self, folder: Path, authority: Authority, identity: Identity, *, client_auth: bool = False, **changes: object
    ) -> None:
        self.tls_port, self.authority, self.identity = free_port(), authority, identity
        text = _CONFIGURATION.format(
            port=self.tls_port, authority=authority, identity=identity, client_auth=str(client_auth).lower()
        )
        super().__init__(folder, text, environment={"ISOCENTER_DICOM__PROCESSES": "2"}, **changes)  # type: ignore[arg-type]  # the test's own

    def peer(self, *, secure: bool) -> Peer:
        tls = TlsSettings(ca=self.authority.cert, cert=self.identity.cert, key=self.identity.key)
        return Peer(
            name="NODE",
            ae_title="ISOCENTER",
            host="127.0.0.1",
            port=self.tls_port if secure else self.dicom_port,
            calling_ae_title="MODALITY1",
            tls=CurrentContext(requestor_context, tls) if secure else None,
        )

    def connect(self, *, secure: bool) -> Wire:
        port = self.tls_port if secure else self.dicom_port
        connection = socket.create_connection(("127.0.0.1", port), timeout=20)
        if secure:
            context = ssl.create_default_context(cafile=self.authority.cert)
            connection = context.wrap_socket(connection, server_hostname="127.0.0.1")
        wire = Wire(connection)
        wire.associate(CONTEXTS)
        return wire


@pytest.fixture
def make(tmp_path: Path, authority: Authority, identity: Identity) -> Iterator[Callable[..., SecureNode]]:
    nodes: list[SecureNode] = []

    def prepare(**options: bool) -> SecureNode:
        nodes.append(SecureNode(tmp_path / f"node{len(nodes)}", authority, identity, **options))
        return nodes[-1]

    yield prepare
    for node in nodes:
        node.kill()


def test_both_ports_serve_and_the_ready_line_is_as_ever(make: Callable[..., SecureNode]) -> None:
    node = make(client_auth=True)
    node.start()
    assert node.wait() == f"ready ISOCENTER dicom {node.dicom_port} web {node.url}"
    for secure in (True, False):
        assert echo(node.peer(secure=secure)).message == "C-ECHO succeeded"
    # The node calls itself over TLS, with its own certificate.
    done = node.run("ae", "echo", "MYSELF")
    assert done.returncode == 0, done.stderr
    assert "C-ECHO succeeded" in done.stdout
    assert node.stop() == 0
    assert "Traceback" not in node.log


class Sender(threading.Thread):
    """Sends images until the connection ends; remembers what was acknowledged."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.wire = wire
        self.kept: list[str] = []
        self.aborted = False

    def run(self) -> None:
        try:
            while self._send():
                pass
        except (EOFError, OSError):
            return

    def _send(self) -> bool:
        image = ct_image()
        self.wire.command(3, store_rq(CT_IMAGE_STORAGE, image.SOPInstanceUID))
        self.wire.data(3, encode(image))
        kind, _ = self.wire.pdu()
        self.aborted = kind == 7
        if kind == 4:
            self.kept.append(str(image.SOPInstanceUID))
        return not self.aborted


@pytest.mark.timeout(240)
def test_a_node_that_is_stopped_under_load_keeps_all_it_acknowledged(make: Callable[..., SecureNode]) -> None:
    node = make()
    node.start()
    node.wait()
    senders = [Sender(node.connect(secure=secure)) for secure in (False, True, False, True)]
    silent = [socket.create_connection(("127.0.0.1", port)) for port in (node.dicom_port, node.tls_port)]
    for sender in senders:
        sender.start()
    wait_until(lambda: all(len(sender.kept) > 5 for sender in senders), seconds=60, what="images")
    begun = monotonic()
    assert node.stop() == 0
    assert monotonic() - begun < 25
    for sender in senders:
        sender.join(10)
        sender.wire.close()
    for connection in silent:
        connection.close()
    assert not answers(node.dicom_port)
    assert not answers(node.tls_port)
    assert "Traceback" not in node.log
    done = node.run("db", "check")
    assert done.returncode == 0, done.stdout + done.stderr
    kept = _instances(node)
    assert {uid for sender in senders for uid in sender.kept} <= kept


def _instances(node: SecureNode) -> set[str]:
    with Database(f"sqlite:///{node.folder}/data/index.sqlite") as database:
        return {str(each.sop_instance_uid) for each in database.read(retrieve.instances, "default", patient_id="P1")}


def test_the_ports_refuse_connections_while_the_node_ends(make: Callable[..., SecureNode]) -> None:
    node = make()
    node.start()
    node.wait()
    # An object under way holds the node up.
    wire = node.connect(secure=True)
    wire.command(3, store_rq(CT_IMAGE_STORAGE, "1.2.3"))
    wait_until(lambda: list((node.folder / "data").rglob("*.part")), what="the spool file")
    assert node.process
    node.process.terminate()
    wait_until(lambda: not answers(node.dicom_port) and not answers(node.tls_port), seconds=10, what="closed ports")
    assert node.process.poll() is None
    wire.close()
    assert node.process.wait(40) == 0


@pytest.mark.parametrize(
    ("section", "complaint"),
    [
        ("port = 2762", "dicom.tls: port needs cert"),
        ('port = 2762\ncert = "/none.pem"', "dicom.tls.cert: /none.pem cannot be read: No such file or directory"),
        ('port = 2762\ncert = "{cert}"\nkey = "{other}"', "dicom.tls.key: {other} is not the private key of {cert}"),
        ('port = 2762\ncert = "{cert}"\nkey = "{key}"\nclient_auth = true', "dicom.tls: client_auth needs ca"),
        ('ca = "/none.pem"', "dicom.tls.ca: /none.pem cannot be read: No such file or directory"),
    ],
)
def test_what_is_wrong_with_the_files_is_said_before_the_start(
    tmp_path: Path, authority: Authority, identity: Identity, section: str, complaint: str
) -> None:
    other = authority.issue("other").key
    names = {"cert": identity.cert, "key": identity.key, "other": other}
    node = ServedNode(tmp_path / "node", "[dicom.tls]\n" + section.format(**names))
    for command in (("config", "check"), ("serve",)):
        done = node.run(*command)
        assert done.returncode == 2, done.stderr
        assert complaint.format(**names) in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_a_tls_port_that_is_taken_is_told(make: Callable[..., SecureNode]) -> None:
    node = make()
    with socket.create_server(("127.0.0.1", node.tls_port)):
        done = node.run("serve")
    assert done.returncode == 2
    assert f"dicom.tls.port: cannot listen on 127.0.0.1:{node.tls_port} for DICOM over TLS" in done.stderr
