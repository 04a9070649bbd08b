"""Bad PDUs on the port of a running node: rows B17, B18, B20, B21, B24, B28 to B30 and B34 of the list."""

import http.client
import socket
import ssl
import struct
import time
from collections.abc import Iterator

import pytest
from pydicom.uid import CTImageStorage, ImplicitVRLittleEndian

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.raw import (
    A_ASSOCIATE_AC,
    A_ASSOCIATE_RQ,
    P_DATA_TF,
    Context,
    RawScu,
    associate_rq,
    last_words,
    p_data,
    pdu,
    store_rq,
)
from tests.acceptance.peers.witness import Witness

pytestmark = pytest.mark.acceptance

ARTIM_SECONDS, PDU_SECONDS = 2, 4
BY_PROVIDER_INVALID, BY_PROVIDER_UNKNOWN = (2, 6), (2, 1)
CT = CTImageStorage.encode()
VERIFICATION = "1.2.840.10008.1.1"
UNRECOGNIZED_OPERATION = 0x0211


@pytest.fixture(scope="module")
def module_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node that is impatient and does not analyse."""
    dicom = {"artim_seconds": ARTIM_SECONDS, "idle_seconds": PDU_SECONDS}
    node = Node(tmp_path_factory.mktemp("node"), aes=[MODALITY], analysis={"quiet_seconds": 3600}, dicom=dicom).start()
    yield node
    assert node.stop() == 0


@pytest.fixture
def witness(module_node: Node) -> Iterator[Witness]:
    with Witness(module_node) as seen:
        yield seen


@pytest.fixture
def plain(module_node: Node) -> Iterator[socket.socket]:
    """A connection on which nothing was said yet."""
    with socket.create_connection(("127.0.0.1", module_node.dicom_port), timeout=20) as connection:
        yield connection


@pytest.fixture
def scu(module_node: Node) -> Iterator[RawScu]:
    with RawScu(module_node.dicom_port) as association:
        yield association


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF, (1 << 20) + 1])
def test_b17_a_huge_length_before_the_association_is_aborted_at_once(
    witness: Witness, plain: socket.socket, length: int
) -> None:
    begun = time.monotonic()
    plain.sendall(struct.pack(">BxI", A_ASSOCIATE_RQ, length))
    assert last_words(plain) == BY_PROVIDER_INVALID
    assert time.monotonic() - begun < 1
    witness.expect("connection_refused", f"{length} bytes")


def test_b17_a_request_of_a_mebibyte_is_read(module_node: Node, plain: socket.socket) -> None:
    request = associate_rq(b"ISOCENTER", b"MODALITY1", {1: Context()})
    room = (1 << 20) - (len(request) - 6)
    unknown = b"".join(struct.pack(">BBH", 0x7F, 0, 65_531) + bytes(65_531) for _ in range(room // 65_535))
    rest = room - len(unknown)
    unknown += struct.pack(">BBH", 0x7F, 0, rest - 4) + bytes(rest - 4)
    plain.sendall(pdu(A_ASSOCIATE_RQ, request[6:] + unknown))
    assert plain.recv(1) == bytes([A_ASSOCIATE_AC])
    assert module_node.children("dicom")


def test_b18_p_data_longer_than_announced_is_aborted(witness: Witness, scu: RawScu) -> None:
    scu.socket.sendall(struct.pack(">BxI", P_DATA_TF, scu.max_pdu + 1))
    assert scu.last_words() == BY_PROVIDER_INVALID
    witness.expect("association_closed", "longer than negotiated")


def test_b18_p_data_of_the_announced_length_is_taken(module_node: Node) -> None:
    with RawScu(module_node.dicom_port) as scu:
        scu.send_fragments(1, 1, store_rq(CT, b"1.2.3"))
        scu.socket.sendall(p_data(1, 2, bytes(scu.max_pdu - 6)))
        assert scu.response_status() == 0xC000


@pytest.mark.parametrize("length", [0, 1, 3, 21, 23, 0xFFFFFFF0, 0x7FFFFFFF])
def test_b20_an_impossible_pdv_length_is_aborted(witness: Witness, scu: RawScu, length: int) -> None:
    scu.socket.sendall(p_data(1, 3, bytes(20), length=length))
    assert scu.last_words() == BY_PROVIDER_INVALID
    witness.expect("association_closed", f"PDV length {length}")


@pytest.mark.parametrize("context_id", [0, 2, 5, 255])
def test_b20_a_context_that_was_not_agreed_on_is_aborted(witness: Witness, scu: RawScu, context_id: int) -> None:
    scu.send_fragments(context_id, 1, store_rq(CT, b"1.2.3"))
    assert scu.last_words() == BY_PROVIDER_INVALID
    witness.expect("association_closed", f"presentation context {context_id} was not accepted")


def test_b20_a_data_set_in_another_context_than_its_command_is_aborted(witness: Witness, scu: RawScu) -> None:
    scu.send_fragments(1, 1, store_rq(CT, b"1.2.3"))
    scu.send_fragments(3, 0, bytes(100))
    assert scu.last_words() is not None
    witness.expect("association_closed", "data set fragment expected")


@pytest.mark.parametrize("pdvs", [b"", b"\0\0\0"])
def test_b20_p_data_without_a_whole_value_is_aborted(witness: Witness, scu: RawScu, pdvs: bytes) -> None:
    scu.socket.sendall(pdu(P_DATA_TF, pdvs))
    assert scu.last_words() == BY_PROVIDER_INVALID
    witness.expect("association_closed", "P-DATA without" if not pdvs else "cut off")


def test_b21_a_browser_is_sent_away_at_once(witness: Witness, module_node: Node) -> None:
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", module_node.dicom_port, timeout=20)
    connection.request("GET", "/")
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        connection.getresponse()
    connection.close()
    assert time.monotonic() - begun < 1
    witness.expect("connection_refused", "does not begin with A-ASSOCIATE-RQ")


def test_b21_a_tls_client_is_sent_away_at_once(witness: Witness, plain: socket.socket) -> None:
    begun = time.monotonic()
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")
    assert time.monotonic() - begun < 1
    witness.expect("connection_refused", "does not begin with A-ASSOCIATE-RQ")


def test_b21_an_ssh_client_is_sent_away_at_once(witness: Witness, plain: socket.socket) -> None:
    begun = time.monotonic()
    plain.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")
    assert last_words(plain) == BY_PROVIDER_UNKNOWN
    assert time.monotonic() - begun < 1
    witness.expect("connection_refused", "does not begin with A-ASSOCIATE-RQ")


def _drip(connection: socket.socket, data: bytes, *, pause: float = 0.4) -> float:
    """Send one byte after the other until the node has had enough; returns after how many seconds that was."""
    begun = time.monotonic()
    connection.settimeout(pause)
    for byte in data:
        try:
            connection.sendall(bytes([byte]))
            connection.recv(100)
        except TimeoutError:
            continue
        except ConnectionError:
            break
        break
    return time.monotonic() - begun


def test_b24_a_request_in_drips_ends_at_artim(witness: Witness, plain: socket.socket) -> None:
    took = _drip(plain, associate_rq(b"ISOCENTER", b"MODALITY1", {1: Context()}))
    assert ARTIM_SECONDS - 0.5 < took < ARTIM_SECONDS + 1
    witness.expect("connection_lost", "too long")


def test_b24_a_pdu_in_drips_ends_at_its_deadline(witness: Witness, scu: RawScu) -> None:
    scu.socket.sendall(struct.pack(">BxI", P_DATA_TF, 16_000))
    took = _drip(scu.socket, struct.pack(">IBB", 15_996, 1, 0) + bytes(15_994))
    assert PDU_SECONDS - 0.5 < took < PDU_SECONDS + 1
    witness.expect("association_closed", "too long")


@pytest.mark.parametrize(
    ("calling", "shown"),
    [
        (b" " * 16, ""),
        (b"\0" * 16, "x00"),
        (b"MODALITY1\0EVIL", "x00"),
        (b"A\x1b[31mB", "x1b"),
        (b"A\nassociation_op", "\\n"),
        (b"%s%s%n{0}${x}", "%s%s%n{0}${x}"),
        (b"../../tmp", "../../tmp"),
        ("Ä".encode("latin-1") * 16, "xc4"),
    ],
    ids=repr,
)
def test_b28_an_odd_calling_ae_title_is_refused_and_escaped_in_the_log(
    witness: Witness, module_node: Node, calling: bytes, shown: str
) -> None:
    with RawScu(module_node.dicom_port, calling=calling) as scu:
        assert scu.rejection == (1, 1, 3)
    witness.expect("association_rejected", "1/1/3", shown)


def test_b28_an_ae_title_of_17_bytes_is_refused(witness: Witness, module_node: Node) -> None:
    # It pushes all that follows by one byte, so that the items do not fit any more.
    with RawScu(module_node.dicom_port, calling=b"A" * 17) as scu:
        assert scu.answer == 7
    witness.expect("connection_refused", "item")


def _results(node: Node, ids: range) -> dict[int, int]:
    verification = Context(abstract_syntax=VERIFICATION, transfer_syntaxes=(ImplicitVRLittleEndian,))
    with RawScu(node.dicom_port, contexts=dict.fromkeys(ids, verification)) as scu:
        assert scu.answer == A_ASSOCIATE_AC
        return scu.context_results()


def test_b29_a_hundred_and_twenty_eight_contexts_are_answered_one_by_one(module_node: Node) -> None:
    assert _results(module_node, range(1, 256, 2)) == dict.fromkeys(range(1, 256, 2), 0)


@pytest.mark.parametrize(
    "ids",
    [[], [2], [0], [1, 1], [*range(1, 256, 2), 1], list(range(256))],
    ids=["none", "even", "zero", "twice", "129", "256"],
)
def test_b29_none_too_many_repeated_or_even_contexts_are_aborted(
    witness: Witness, plain: socket.socket, ids: list[int]
) -> None:
    plain.sendall(_request_with(ids))
    assert last_words(plain) == BY_PROVIDER_INVALID
    witness.expect("connection_refused", "presentation contexts")


def _request_with(ids: list[int]) -> bytes:
    """Encode a request whose context IDs may repeat, which no dictionary can."""
    parts = [associate_rq(b"ISOCENTER", b"MODALITY1", {number: Context()})[6:] for number in ids or [1]]
    empty = associate_rq(b"ISOCENTER", b"MODALITY1", {})[6:]
    # What differs between a request of one context and one of none is the context's item.
    size = len(parts[0]) - len(empty)
    at = 68 + 4 + 21
    items = b"".join(part[at : at + size] for part in parts) if ids else b""
    return pdu(A_ASSOCIATE_RQ, empty[:at] + items + empty[at:])


def test_b30_an_unknown_application_context_is_rejected(witness: Witness, module_node: Node) -> None:
    with RawScu(module_node.dicom_port, application_context=b"1.2.3.4") as scu:
        assert scu.rejection == (1, 1, 2)
    witness.expect("association_rejected", "1/1/2")


@pytest.mark.parametrize("version", [0, 2, 0xFFFE])
def test_b30_an_unknown_protocol_version_is_rejected(witness: Witness, module_node: Node, version: int) -> None:
    with RawScu(module_node.dicom_port, version=version) as scu:
        assert scu.rejection == (1, 2, 2)
    witness.expect("association_rejected", "1/2/2")


def _store_rq_as(field: int) -> bytes:
    """Encode a C-STORE-RQ with another Command Field (0000,0100)."""
    element = struct.pack("<HHI", 0, 0x0100, 2)
    return store_rq(CT, b"1.2.3").replace(element + b"\1\0", element + struct.pack("<H", field))


@pytest.mark.parametrize("field", [0x0777, 0x0000, 0x7FFF])
def test_b34_an_unknown_command_is_answered_as_unrecognized_and_the_association_stays(
    module_node: Node, scu: RawScu, field: int
) -> None:
    command = _store_rq_as(field)
    for _ in range(2):
        scu.send_fragments(1, 1, command)
        scu.send_fragments(1, 0, bytes(100))
        assert scu.response_status() == UNRECOGNIZED_OPERATION
    assert module_node.children("dicom")


@pytest.mark.parametrize(
    "command",
    [
        b"\x08\0\x18\0\x02\0\0\x001.",
        b"\0\0\0\x01\xff\xff\xff\xff\x01\0",
        b"\0\0\0\x01\x04\0\0\0\x01\0\0\0",
        b"\0\0\x02\0\x02\0\0\x001.",
        bytes(7),
        b"\xff" * 64,
        b"GET / HTTP/1.1\r\n",
    ],
    ids=lambda command: command[:8].hex(),
)
def test_b34_a_command_set_of_garbage_is_aborted(witness: Witness, scu: RawScu, command: bytes) -> None:
    scu.socket.sendall(p_data(1, 3, command + b"\0" * (len(command) % 2)))
    assert scu.last_words() == BY_PROVIDER_INVALID
    witness.expect("association_closed", "command")


def test_b34_a_response_that_nobody_asked_for_is_aborted(witness: Witness, scu: RawScu) -> None:
    scu.send_fragments(1, 1, _store_rq_as(0x8001))
    assert scu.last_words() is not None
    witness.expect("association_closed", "without a request")
