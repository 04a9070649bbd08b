"""C-STORE into a real archive: what is kept, what is refused and with which status (PS3.4 Table B.2-1)."""

import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from blake3 import blake3
from pydicom import Dataset
from pydicom.uid import generate_uid

from archive import non_patient, retrieve
from archive.non_patient_classes import KINDS
from routing import dimse
from routing.dimse import Element
from tests.archive.non_patient_objects import HANGING_PROTOCOL, hanging_protocol
from tests.scp.running import Node
from tests.scp.samples import CT_IMAGE_STORAGE, ct_image, encode
from tests.scp.wire import EXPLICIT, IMPLICIT, VERIFICATION, Wire, store_rq
from tests.waiting import wait_until

PRIVATE_CLASS = "1.2.826.0.1.3680043.9.9999.1"
CONTEXTS = {
    1: (VERIFICATION, (IMPLICIT,)),
    3: (CT_IMAGE_STORAGE, (EXPLICIT,)),
    5: (PRIVATE_CLASS, (EXPLICIT,)),
    7: (HANGING_PROTOCOL, (EXPLICIT,)),
}


@pytest.fixture
def wire(node: Node) -> Iterator[Wire]:
    opened = Wire(node.connect())
    opened.associate(CONTEXTS)
    yield opened
    opened.close()


def store(wire: Wire, dataset: Dataset, *, context_id: int = 3, announced: str | None = None) -> int:
    return send(wire, encode(dataset), announced or dataset.SOPInstanceUID, context_id)


def send(wire: Wire, data_set: bytes, sop_instance_uid: str, context_id: int = 3) -> int:
    wire.command(context_id, store_rq(CONTEXTS[context_id][0], sop_instance_uid))
    wire.data(context_id, data_set)
    return wire.status()


def stored(node: Node, sop_instance_uid: str) -> list[retrieve.StoredInstance]:
    return node.database.read(retrieve.instances, "default", sop_uids=[sop_instance_uid])


def assert_refused(node: Node, wire: Wire, dataset: Dataset, status: int, announced: str | None = None) -> None:
    """The object is refused, nothing is left of it, and the next one is stored over the same association."""
    assert store(wire, dataset, announced=announced) == status
    assert node.files() == []
    assert store(wire, ct_image()) == 0


def test_an_object_is_kept_byte_for_byte_before_success_is_answered(node: Node, wire: Wire) -> None:
    dataset = ct_image()
    encoded = encode(dataset)
    assert send(wire, encoded, dataset.SOPInstanceUID) == 0
    (kept,) = stored(node, dataset.SOPInstanceUID)
    content = node.blobs.path(kept.key).read_bytes()
    assert content[kept.data_offset :] == encoded
    assert kept.content_hash == f"blake3:{blake3(encoded).hexdigest(28)}"
    assert kept.transfer_syntax_uid == EXPLICIT


def test_an_object_larger_than_a_pdu_arrives_whole(node: Node, wire: Wire) -> None:
    dataset = ct_image(Rows=1024, Columns=1024, PixelData=bytes(range(256)) * 8192)
    assert store(wire, dataset) == 0
    (kept,) = stored(node, dataset.SOPInstanceUID)
    assert node.blobs.path(kept.key).read_bytes()[kept.data_offset :] == encode(dataset)


def test_an_object_of_a_private_sop_class_is_kept(node: Node, wire: Wire) -> None:
    dataset = ct_image(SOPClassUID=PRIVATE_CLASS)
    assert store(wire, dataset, context_id=5) == 0
    assert stored(node, dataset.SOPInstanceUID)[0].sop_class_uid == PRIVATE_CLASS


def test_an_object_that_belongs_to_no_patient_is_kept(node: Node, wire: Wire) -> None:
    dataset = hanging_protocol()
    assert store(wire, dataset, context_id=7) == 0
    kept = node.database.read(non_patient.find, "default", KINDS["hanging-protocols"], dataset.SOPInstanceUID)
    assert node.blobs.path(kept.key).read_bytes()[kept.data_offset :] == encode(dataset)
    assert stored(node, dataset.SOPInstanceUID) == []


def test_the_same_object_again_is_success_and_changes_nothing(node: Node, wire: Wire) -> None:
    dataset = ct_image()
    assert store(wire, dataset) == 0
    files = node.files()
    assert store(wire, dataset) == 0
    # It is removed when the answer is on its way.
    wait_until(lambda: node.files() == files, what="the end of the second file")


def test_other_bytes_under_the_same_uid_are_refused(node: Node, wire: Wire) -> None:
    dataset = ct_image()
    assert store(wire, dataset) == 0
    dataset.PatientComments = "changed"
    assert store(wire, dataset) == 0x0111
    assert len(stored(node, dataset.SOPInstanceUID)) == 1


def test_one_object_over_many_associations_at_once_is_one_row(node: Node) -> None:
    dataset = ct_image()

    def store_once(_: int) -> int:
        wire = Wire(node.connect())
        wire.associate(CONTEXTS)
        status = store(wire, dataset)
        wire.close()
        return status

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(store_once, range(16))) == [0] * 16
    assert len(stored(node, dataset.SOPInstanceUID)) == 1
    wait_until(lambda: len(node.files()) == 1, what="the end of the other files")


def test_another_sop_instance_uid_than_announced_is_refused(node: Node, wire: Wire) -> None:
    assert_refused(node, wire, ct_image(), 0xA900, announced=generate_uid())


def test_another_sop_class_uid_than_announced_is_refused(node: Node, wire: Wire) -> None:
    assert_refused(node, wire, ct_image(SOPClassUID="1.2.840.10008.5.1.4.1.1.4"), 0xA900)


@pytest.mark.parametrize(
    ("missing", "status"),
    [("SOPInstanceUID", 0xC000), ("StudyInstanceUID", 0xA900), ("SeriesInstanceUID", 0xA900)],
)
def test_an_object_without_a_uid_is_refused(node: Node, wire: Wire, missing: str, status: int) -> None:
    dataset = ct_image()
    uid = dataset.SOPInstanceUID
    delattr(dataset, missing)
    assert_refused(node, wire, dataset, status, announced=uid)


def test_an_empty_data_set_is_refused(node: Node, wire: Wire) -> None:
    assert send(wire, b"", "1.2.3") == 0xC000
    assert node.files() == []


def test_a_request_without_a_data_set_is_refused(node: Node, wire: Wire) -> None:
    wire.command(3, {**store_rq(CT_IMAGE_STORAGE, "1.2.3"), 0x0800: 0x0101})
    assert wire.status() == 0xC000
    assert store(wire, ct_image()) == 0
    assert len(node.files()) == 1


def test_a_data_set_that_is_cut_off_is_refused(node: Node, wire: Wire) -> None:
    dataset = ct_image()
    assert send(wire, encode(dataset)[:-20], dataset.SOPInstanceUID) == 0xC000
    assert node.files() == []


def test_an_element_longer_than_the_data_set_is_refused(node: Node, wire: Wire) -> None:
    dataset = ct_image()
    bad = encode(dataset) + struct.pack("<HH2sHI", 0x7FE1, 0x1010, b"OB", 0, 0x7FFFFFFE)
    assert send(wire, bad, dataset.SOPInstanceUID) == 0xC000
    assert node.files() == []


@pytest.mark.parametrize("uid", ["../../x", "/etc/passwd", "1.2\\3", "1" * 65, ""])
def test_a_uid_that_is_none_is_refused(node: Node, wire: Wire, uid: str) -> None:
    assert send(wire, encode(ct_image()), uid) == 0x0117
    assert node.files() == []
    assert store(wire, ct_image()) == 0


def test_an_object_in_a_context_of_another_class_is_refused(wire: Wire) -> None:
    dataset = ct_image()
    wire.command(1, store_rq(CT_IMAGE_STORAGE, dataset.SOPInstanceUID))
    wire.data(1, encode(dataset))
    assert wire.status() == 0x0122


def test_a_caller_without_the_right_is_not_authorized(node: Node) -> None:
    node.rules.allowed["VIEWER"] = frozenset({"echo", "find"})
    wire = Wire(node.connect())
    wire.request(CONTEXTS, calling=b"VIEWER".ljust(16))
    assert wire.pdu()[0] == 2
    assert store(wire, ct_image()) == 0x0124
    assert node.files() == []
    wire.close()


def test_an_answer_repeats_the_uids_and_comments_without_patient_data(wire: Wire) -> None:
    uid = generate_uid()
    wire.command(3, store_rq(CT_IMAGE_STORAGE, uid, 77))
    wire.data(3, encode(ct_image()))
    answer, _ = wire.answer()
    assert dimse.number(answer, Element.MESSAGE_ID_RESPONDED_TO) == 77
    assert dimse.text(answer, Element.AFFECTED_SOP_INSTANCE_UID) == uid
    assert dimse.text(answer, Element.ERROR_COMMENT) == "Data set does not match the SOP class or instance"
