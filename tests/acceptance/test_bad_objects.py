"""Objects made to do harm, sent to a running node: rows B13, B15, B19 of the list, and malformed ones."""

import os
import struct
import zlib
from collections.abc import Iterator

import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.objects import ct_slice, encoded
from tests.acceptance.peers.raw import Context, RawScu, p_data, store_rq
from tests.acceptance.peers.witness import Witness, resident_bytes, store_one

pytestmark = pytest.mark.acceptance

MEBIBYTE = 1 << 20
LARGEST_OBJECT = 32 * MEBIBYTE
SUCCESS, OUT_OF_RESOURCES, CANNOT_UNDERSTAND = 0x0000, 0xA700, 0xC000
CT = b"1.2.840.10008.5.1.4.1.1.2"


@pytest.fixture(scope="module")
def module_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node that takes objects up to a limit and does not analyse; one listener, so that its memory is known."""
    dicom = {"max_object_bytes": LARGEST_OBJECT, "processes": 1}
    node = Node(tmp_path_factory.mktemp("node"), aes=[MODALITY], analysis={"quiet_seconds": 3600}, dicom=dicom).start()
    yield node
    assert node.stop() == 0


@pytest.fixture
def witness(module_node: Node) -> Iterator[Witness]:
    assert store_one(module_node) == SUCCESS
    with Witness(module_node) as seen:
        yield seen


def _bomb(ds: Dataset, mebibytes: int) -> bytes:
    """Deflate an object with so much pixel data (PS3.5 Section A.5)."""
    deflater = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    pixels = b"\xe0\x7f\x10\x00OW\x00\x00" + struct.pack("<I", mebibytes * MEBIBYTE)
    parts = [deflater.compress(encoded(ds)), deflater.compress(pixels)]
    parts += [deflater.compress(bytes(MEBIBYTE)) for _ in range(mebibytes)]
    stream = b"".join([*parts, deflater.flush()])
    # A stream of odd length is padded with a NUL (PS3.5 Section A.5).
    return stream + b"\0" * (len(stream) % 2)


def test_b13_a_deflated_bomb_is_refused_with_flat_memory(witness: Witness, module_node: Node) -> None:
    ds = ct_slice(PixelData=None)
    bomb = _bomb(ds, 300)
    assert len(bomb) < 400_000
    contexts = {1: Context(transfer_syntaxes=(DeflatedExplicitVRLittleEndian,))}
    with RawScu(module_node.dicom_port, contexts=contexts) as scu:
        assert scu.context_results() == {1: 0}
        assert scu.store(bomb, sop_instance=ds.SOPInstanceUID.encode()) == OUT_OF_RESOURCES
    witness.expect("store_refused", "A700", ds.SOPInstanceUID)


def test_b13_a_deflated_object_of_usual_size_is_stored(module_node: Node) -> None:
    ds = ct_slice(PixelData=None)
    contexts = {1: Context(transfer_syntaxes=(DeflatedExplicitVRLittleEndian,))}
    with RawScu(module_node.dicom_port, contexts=contexts) as scu:
        assert scu.store(_bomb(ds, 1), sop_instance=ds.SOPInstanceUID.encode()) == SUCCESS


_SIZ = struct.pack(">HHIIIIIIII", 41, 0, 2**31, 2**31, 0, 0, 2**31, 2**31, 0, 0) + b"\0\1\x07\1\1"
_HUGE_J2K = b"\xff\x4f\xff\x51" + _SIZ + b"\xff\x93\xff\xd9"
_HUGE_JPEG_LS = b"\xff\xd8\xff\xf7\0\x0b\x08\xff\xff\xff\xff\1\1\x11\0\xff\xd9"
_RLE_OUT_OF_BOUNDS = struct.pack("<16I", 15, *[0xFFFF_FF00] * 15) + bytes(64)
_BROKEN_OFFSETS = b"\xfe\xff\x00\xe0\x08\0\0\0\xff\xff\xff\x7f\0\0\0\x80" + b"\xfe\xff\x00\xe0\x04\0\0\0abcd"
_END_OF_SEQUENCE = b"\xfe\xff\xdd\xe0\0\0\0\0"


@pytest.mark.parametrize(
    ("transfer_syntax", "fragments"),
    [
        (JPEG2000Lossless, encapsulate([_HUGE_J2K])),
        (JPEGLSLossless, encapsulate([_HUGE_JPEG_LS])),
        (RLELossless, encapsulate([_RLE_OUT_OF_BOUNDS])),
        (JPEG2000Lossless, _BROKEN_OFFSETS + _END_OF_SEQUENCE),
    ],
    ids=["JPEG 2000", "JPEG-LS", "RLE", "offset table"],
)
def test_b15_pixels_that_no_decoder_should_see_are_stored_as_they_are(
    module_node: Node, transfer_syntax: str, fragments: bytes
) -> None:
    ds = ct_slice(PixelData=None)
    pixels = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + fragments
    if not fragments.endswith(_END_OF_SEQUENCE):
        pixels += _END_OF_SEQUENCE
    listeners = module_node.children("dicom")
    with RawScu(module_node.dicom_port, contexts={1: Context(transfer_syntaxes=(transfer_syntax,))}) as scu:
        assert scu.store(encoded(ds) + pixels, sop_instance=ds.SOPInstanceUID.encode()) == SUCCESS
    assert any(fragments in path.read_bytes() for path in module_node.data_dir.rglob("*.dcm"))
    assert module_node.children("dicom") == listeners


@pytest.mark.parametrize("fragment", [0, 500, 250_000])
def test_b19_an_object_without_an_end_is_aborted_at_the_limit(
    witness: Witness, module_node: Node, fragment: int
) -> None:
    witness.expect("association_closed", "empty fragments" if not fragment else "larger than this node takes")
    message = p_data(1, 0, bytes(fragment))
    # Many PDUs in one write.
    many = message * max(1, MEBIBYTE // len(message))
    with RawScu(module_node.dicom_port) as scu:
        scu.send_fragments(1, 1, store_rq(CT, b"1.2.3.19"))
        try:
            for _ in range(16 * LARGEST_OBJECT // len(many)):
                scu.socket.sendall(many)
        except ConnectionError:
            pass
        else:
            pytest.fail("the node took far more than its limit")


def test_b19_a_command_without_an_end_is_aborted(witness: Witness, module_node: Node) -> None:
    witness.expect("association_closed", "command set is too long")
    many = p_data(1, 1, bytes(16_000)) * 1_000
    with RawScu(module_node.dicom_port) as scu, pytest.raises(ConnectionError):
        scu.socket.sendall(many)


def _malformed(whole: bytes, number: int) -> bytes:
    """Make an object that cannot be read, each in another way."""
    match number % 4:
        case 0:
            return whole[: 20 + number % 200 & ~1]
        case 1:
            return os.urandom(2 + 2 * (number % 500))
        case 2:
            return whole + b"\x00\x40\x00\x01OB\x00\x00\xff\xff\xff\x7f1234"
        case _:
            return whole + b"\x40\x00\x75\x02SQ\x00\x00\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff" * 200


def _store_malformed(node: Node, count: int) -> None:
    whole = encoded(ct_slice(PixelData=None))
    with RawScu(node.dicom_port) as scu:
        for number in range(count):
            assert scu.store(_malformed(whole, number), sop_instance=b"1.2.3.17") != SUCCESS


def test_history_17_a_thousand_malformed_objects_leave_no_memory_behind(module_node: Node) -> None:
    (listener,) = module_node.children("dicom")
    _store_malformed(module_node, 200)
    before = resident_bytes(listener)
    with Witness(module_node, growth_mib=16) as witness:
        witness.expect("store_refused", "C000")
        _store_malformed(module_node, 1_000)
    # A leak of the objects would be ten times that.
    assert resident_bytes(listener) - before < 4 * MEBIBYTE
