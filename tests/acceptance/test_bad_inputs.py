"""Bad input on the DICOM port: one test a row of the list of bad inputs (B01 to B42)."""

import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydicom.uid import MRImageStorage, generate_uid

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.dcmtk import Scu, run
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.objects import ct_slice, encoded, nested_sequences
from tests.acceptance.peers.raw import Context, RawScu, pdu, store_rq
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance

SUCCESS, DUPLICATE_SOP_INSTANCE, CLASS_NOT_SUPPORTED = 0x0000, 0x0111, 0x0122
NO_MATCH, CANNOT_UNDERSTAND, INVALID_INSTANCE = 0xA900, 0xC000, 0x0117


def _files(node: Node) -> set[Path]:
    return set(node.data_dir.rglob("*.dcm"))


def _rows(node: Node) -> int:
    return int(node.get("/api/v1/statistics")["instances"])


@pytest.fixture(scope="module")
def module_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node that does not analyse what it gets: rows and files are the tests' own."""
    node = Node(tmp_path_factory.mktemp("node"), aes=[MODALITY], analysis={"quiet_seconds": 3600}).start()
    yield node
    assert node.stop() == 0


@pytest.fixture
def scu(module_node: Node) -> Iterator[RawScu]:
    """An open association; whatever the test sent, the next valid C-STORE on a new one gets 0x0000."""
    with RawScu(module_node.dicom_port) as association:
        yield association
    good = ct_slice()
    with RawScu(module_node.dicom_port) as association:
        assert association.store(encoded(good), sop_instance=good.SOPInstanceUID.encode()) == SUCCESS


def _assert_refused(node: Node, scu: RawScu, data_set: bytes, *statuses: int, sop_instance: str = "1.2.3.4") -> None:
    files, rows = _files(node), _rows(node)
    assert scu.store(data_set, sop_instance=sop_instance.encode()) in statuses
    assert _rows(node) == rows
    assert _files(node) == files
    good = ct_slice()
    assert scu.store(encoded(good), sop_instance=good.SOPInstanceUID.encode()) == SUCCESS


def test_b01_another_sop_instance_uid_than_the_command_is_refused(module_node: Node, scu: RawScu) -> None:
    _assert_refused(module_node, scu, encoded(ct_slice()), NO_MATCH, sop_instance=generate_uid())


def test_b02_another_sop_class_than_the_command_is_refused(module_node: Node, scu: RawScu) -> None:
    ds = ct_slice(SOPClassUID=MRImageStorage)
    _assert_refused(module_node, scu, encoded(ds), NO_MATCH, sop_instance=ds.SOPInstanceUID)


def test_b03_a_missing_sop_instance_uid_is_refused(module_node: Node, scu: RawScu) -> None:
    _assert_refused(module_node, scu, encoded(ct_slice(SOPInstanceUID=None)), CANNOT_UNDERSTAND)


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID"])
def test_b04_a_missing_study_or_series_uid_is_refused(module_node: Node, scu: RawScu, keyword: str) -> None:
    ds = ct_slice(**{keyword: None})
    _assert_refused(module_node, scu, encoded(ds), NO_MATCH, sop_instance=ds.SOPInstanceUID)


def test_b05_an_empty_data_set_is_refused(module_node: Node, scu: RawScu) -> None:
    _assert_refused(module_node, scu, b"", CANNOT_UNDERSTAND)


def test_b05_a_c_store_that_announces_no_data_set_is_refused(scu: RawScu) -> None:
    assert scu.store(b"", sop_instance=b"1.2.3.4", has_data_set=False) == CANNOT_UNDERSTAND


@pytest.mark.parametrize("cut", [2, 100, 400, 700])
def test_b06_a_truncated_data_set_is_refused(module_node: Node, scu: RawScu, cut: int) -> None:
    ds = ct_slice()
    _assert_refused(module_node, scu, encoded(ds)[:-cut], CANNOT_UNDERSTAND, sop_instance=ds.SOPInstanceUID)


def test_b07_a_length_beyond_the_end_is_refused(module_node: Node, scu: RawScu) -> None:
    ds = ct_slice()
    overlong = b"\x00\x40\x00\x01OB\x00\x00\xff\xff\xff\x7f1234"
    _assert_refused(module_node, scu, encoded(ds) + overlong, CANNOT_UNDERSTAND, sop_instance=ds.SOPInstanceUID)


def test_b08_an_invalid_vr_is_refused_or_kept_verbatim(scu: RawScu) -> None:
    ds = ct_slice()
    broken = encoded(ds).replace(b"\x08\x00\x60\x00CS", b"\x08\x00\x60\x00?!")
    assert scu.store(broken, sop_instance=ds.SOPInstanceUID.encode()) in {SUCCESS, CANNOT_UNDERSTAND}


def test_b09_random_bytes_are_refused(module_node: Node, scu: RawScu) -> None:
    noise = random.Random(9)
    for size in (2, 64, 1000, 100_000):
        _assert_refused(module_node, scu, noise.randbytes(size), CANNOT_UNDERSTAND, NO_MATCH)


@pytest.mark.parametrize("uid", ["../../x", "/etc/x", "1.2\0.3", "1." + "2" * 63, "..\\..\\x", ";touch x"])
def test_b10_a_uid_never_becomes_a_path(module_node: Node, scu: RawScu, uid: str) -> None:
    ds = ct_slice()
    room = max(len(ds.SOPInstanceUID), len(uid) + len(uid) % 2 + len(ds.SOPInstanceUID) % 2)
    data_set = encoded(ds).replace(ds.SOPInstanceUID.encode(), uid.encode().ljust(room, b"\0"))
    data_set += b"\0" * (len(data_set) % 2)
    before = {path for path in module_node.folder.rglob("*") if module_node.data_dir not in path.parents}
    assert scu.store(data_set, sop_instance=uid.encode()) in {CANNOT_UNDERSTAND, INVALID_INSTANCE}
    assert {path for path in module_node.folder.rglob("*") if module_node.data_dir not in path.parents} == before


def test_b11_sequences_are_followed_a_hundred_deep(scu: RawScu) -> None:
    ds = ct_slice(PixelData=None)
    assert scu.store(encoded(ds) + nested_sequences(100), sop_instance=ds.SOPInstanceUID.encode()) == SUCCESS


@pytest.mark.parametrize("depth", [300, 20_000])
def test_b11_deeper_sequences_are_refused(module_node: Node, scu: RawScu, depth: int) -> None:
    ds = ct_slice(PixelData=None)
    data_set = encoded(ds) + nested_sequences(depth)
    _assert_refused(module_node, scu, data_set, CANNOT_UNDERSTAND, sop_instance=ds.SOPInstanceUID)


def test_b12_a_million_items_are_refused_quickly(module_node: Node, scu: RawScu) -> None:
    ds = ct_slice(PixelData=None)
    items = b"\xfe\xff\x00\xe0\x00\x00\x00\x00" * 1_000_000
    sequence = b"\x40\x00\x75\x02SQ\x00\x00" + len(items).to_bytes(4, "little") + items
    begun = time.monotonic()
    status = scu.store(encoded(ds) + sequence, sop_instance=ds.SOPInstanceUID.encode())
    assert status == CANNOT_UNDERSTAND
    assert time.monotonic() - begun < 5
    assert module_node.get("/healthz")


def test_b12_a_million_elements_are_refused_quickly(scu: RawScu) -> None:
    ds = ct_slice(PixelData=None)
    elements = b"".join(
        (0x0041 + 2 * (n >> 16)).to_bytes(2, "little") + (n & 0xFFFF).to_bytes(2, "little") + b"LO\x00\x00"
        for n in range(1_000_000)
    )
    begun = time.monotonic()
    assert scu.store(encoded(ds) + elements, sop_instance=ds.SOPInstanceUID.encode()) == CANNOT_UNDERSTAND
    assert time.monotonic() - begun < 5


def test_b14_impossible_dimensions_are_stored_and_not_rendered(module_node: Node, scu: RawScu) -> None:
    ds = ct_slice(Rows=65535, Columns=65535, NumberOfFrames=2**31 - 1)
    assert scu.store(encoded(ds), sop_instance=ds.SOPInstanceUID.encode()) == SUCCESS
    base = f"/dicom-web/studies/{ds.StudyInstanceUID}/series/{ds.SeriesInstanceUID}/instances/{ds.SOPInstanceUID}"
    with module_node.client() as client:
        for path in (f"{base}/rendered", f"{base}/frames/1", f"{base}/frames/2147483647"):
            assert 400 <= client.get(path).status_code < 500, path


def test_b26_another_called_ae_title_is_rejected(module_node: Node) -> None:
    with RawScu(module_node.dicom_port, called=b"SOMEONE") as scu:
        assert scu.rejection == (1, 1, 7)
    _assert_recorded(module_node, "SOMEONE", "1/1/7")


def test_b27_an_unknown_calling_ae_title_is_rejected_on_record(module_node: Node) -> None:
    with RawScu(module_node.dicom_port, calling=b"STRANGER") as scu:
        assert scu.rejection == (1, 1, 3)
    _assert_recorded(module_node, "STRANGER", "1/1/3 calling AE title not recognized")


def test_b27_the_right_ae_title_from_another_address_is_rejected_on_record(module_node: Node) -> None:
    elsewhere = {"name": "ELSEWHERE", "ae_title": "ELSEWHERE", "host": "192.0.2.7", "port": 104}
    with module_node.client() as client:
        added = client.post("/api/v1/aes", json={**elsewhere, "source_networks": ["192.0.2.0/24"]})
    assert added.status_code == 201
    with RawScu(module_node.dicom_port, calling=b"ELSEWHERE") as scu:
        assert scu.rejection == (1, 1, 3)
    _assert_recorded(module_node, "ELSEWHERE", "1/1/3 calling AE title not recognized")


def _assert_recorded(node: Node, ae_title: str, reason: str) -> None:
    def find() -> bool:
        items = node.get("/api/v1/associations", state="rejected")["items"]
        return any(ae_title in item.values() and item["reason"].startswith(reason) for item in items)

    wait_until(find, what="the rejected association on record")
    events = [event for event in node.events() if event["type"] == "association.rejected"]
    assert any(ae_title in event["data"].values() and event["data"]["reason"].startswith(reason) for event in events)


def test_b31_an_abstract_syntax_that_is_not_served_is_not_accepted(module_node: Node) -> None:
    contexts = {1: Context(), 3: Context(abstract_syntax="1.2.840.10008.5.1.1.9")}  # Basic Grayscale Print
    with RawScu(module_node.dicom_port, contexts=contexts) as scu:
        assert scu.context_results() == {1: 0, 3: 3}


def test_b31_a_private_storage_class_is_stored(module_node: Node) -> None:
    private = "1.3.12.2.1107.5.9.1"
    ds = ct_slice(SOPClassUID=private)
    with RawScu(module_node.dicom_port, contexts={1: Context(abstract_syntax=private)}) as scu:
        status = scu.store(encoded(ds), sop_class=private.encode(), sop_instance=ds.SOPInstanceUID.encode())
    assert status == SUCCESS


def test_b31_a_c_store_on_a_query_context_is_refused(module_node: Node) -> None:
    find = "1.2.840.10008.5.1.4.1.2.2.1"  # Study Root Query/Retrieve Information Model - FIND
    ds = ct_slice()
    with RawScu(module_node.dicom_port, contexts={1: Context(abstract_syntax=find)}) as scu:
        assert scu.store(encoded(ds), sop_instance=ds.SOPInstanceUID.encode()) == CLASS_NOT_SUPPORTED


def test_b32_an_unknown_transfer_syntax_is_not_accepted(module_node: Node) -> None:
    contexts = {1: Context(transfer_syntaxes=("1.2.3.4.5",)), 3: Context()}
    with RawScu(module_node.dicom_port, contexts=contexts) as scu:
        assert scu.context_results() == {1: 4, 3: 0}


def test_b35_the_same_bytes_twice_are_one_instance(module_node: Node, scu: RawScu) -> None:
    ds = ct_slice()
    rows = _rows(module_node)
    for _ in range(2):
        assert scu.store(encoded(ds), sop_instance=ds.SOPInstanceUID.encode()) == SUCCESS
    assert _rows(module_node) == rows + 1


def test_b35_other_bytes_under_the_same_uid_are_refused_and_the_first_kept(module_node: Node, scu: RawScu) -> None:
    ds = ct_slice()
    assert scu.store(encoded(ds), sop_instance=ds.SOPInstanceUID.encode()) == SUCCESS
    files = _files(module_node)
    ds.PatientComments = "other bytes"
    assert scu.store(encoded(ds), sop_instance=ds.SOPInstanceUID.encode()) == DUPLICATE_SOP_INSTANCE
    assert _files(module_node) == files


def test_b35_eight_senders_of_one_uid_make_one_row(module_node: Node) -> None:
    ds = ct_slice()
    rows = _rows(module_node)

    def send(_: int) -> int:
        with RawScu(module_node.dicom_port) as scu:
            return scu.store(encoded(ds), sop_instance=ds.SOPInstanceUID.encode())

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(8))) == {SUCCESS}
    assert _rows(module_node) == rows + 1


def test_b36_a_sender_that_vanishes_leaves_nothing(module_node: Node) -> None:
    files, rows = _files(module_node), _rows(module_node)
    with RawScu(module_node.dicom_port) as scu:
        scu.send_fragments(1, 1, store_rq(b"1.2.840.10008.5.1.4.1.1.2", b"1.2.3.4.5"))
        scu.socket.sendall(pdu(4, (5000 + 2).to_bytes(4, "big") + bytes([1, 0]) + bytes(5000)))
    spool = list(module_node.data_dir.rglob("*.part"))
    wait_until(lambda: not any(path.exists() for path in spool), what="the spool file's removal")
    assert (_files(module_node), _rows(module_node)) == (files, rows)
    open_now = module_node.get("/api/v1/associations", state="open")["items"]
    wait_until(
        lambda: len(module_node.get("/api/v1/associations", state="open")["items"]) == 0,
        what=f"the end of {len(open_now)} open associations",
    )


@pytest.mark.parametrize("pattern", ["%", "_", "\\", "'; DROP TABLE study;--", "[A-Z]*"])
def test_b41_signs_of_sql_are_literal_in_a_query(modality: Scu, tmp_path: Path, scu: RawScu, pattern: str) -> None:
    ds = ct_slice(PatientID="ACC-41")
    assert scu.store(encoded(ds), sop_instance=ds.SOPInstanceUID.encode()) == SUCCESS
    key = f"PatientID={pattern}" if pattern != "\\" else "PatientID=ACC\\41"
    found = modality.find(tmp_path / "find", "QueryRetrieveLevel=STUDY", key, "StudyInstanceUID")
    assert ds.StudyInstanceUID not in {item.StudyInstanceUID for item in found}
    assert modality.find(tmp_path / "find", "QueryRetrieveLevel=STUDY", "PatientID=ACC-4?", "StudyInstanceUID")


def test_b41_a_thousand_wildcards_are_answered_in_time(module_node: Node, modality: Scu) -> None:
    begun = time.monotonic()
    done = run(
        "findscu", "-S", "-aet", "MODALITY1", "-aec", "ISOCENTER", "-k", "QueryRetrieveLevel=STUDY",
        "-k", "PatientID=" + "*a" * 1000, "127.0.0.1", str(module_node.dicom_port),
    )  # fmt: skip
    assert time.monotonic() - begun < 5, done.stderr
    assert modality.echo().returncode == 0


@pytest.mark.parametrize(
    "keys",
    [
        ("PatientID=ACC-1",),
        ("QueryRetrieveLevel=NONSENSE",),
        ("QueryRetrieveLevel=SERIES", "SeriesInstanceUID"),
        ("QueryRetrieveLevel=IMAGE", "StudyInstanceUID=1.2.3", "SOPInstanceUID"),
    ],
)
def test_b42_a_query_without_level_or_unique_key_is_refused(module_node: Node, keys: tuple[str, ...]) -> None:
    options = [part for key in keys for part in ("-k", key)]
    done = run(
        "findscu", "-v", "-S", "-aet", "MODALITY1", "-aec", "ISOCENTER", *options, "127.0.0.1",
        str(module_node.dicom_port),
    )  # fmt: skip
    # DCMTK has a name for 0xA900.
    assert "DataSetDoesNotMatchSOPClass" in done.stdout + done.stderr, done.stderr


def test_the_log_holds_no_patient_data(module_node: Node, scu: RawScu) -> None:
    ds = ct_slice(PatientName="Secretname^Very", PatientID="SECRET-ID")
    assert scu.store(encoded(ds), sop_instance=ds.SOPInstanceUID.encode()) == SUCCESS
    assert module_node.study_status(ds.StudyInstanceUID)
    assert "Secretname" not in module_node.log
    assert "SECRET-ID" not in module_node.log


def test_memory_stays_bounded(module_node: Node) -> None:
    page = os.sysconf("SC_PAGE_SIZE")
    for pid in module_node.children("dicom"):
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page
        assert resident < 400 << 20
