"""Disks that are full, read-only or broken, and a limit on the size of files: row B37 of the list, on real disks."""

import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.disks import BreakableDisk, SmallDisk, breakable_disk, small_disk
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.objects import ct_slice, encoded
from tests.acceptance.peers.raw import RawScu
from tests.acceptance.peers.witness import Witness, store_one
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance

MEBIBYTE = 1 << 20
SUCCESS, OUT_OF_RESOURCES = 0x0000, 0xA700


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    with small_disk(tmp_path_factory.mktemp("disks") / "small", 48) as mounted:
        yield mounted


def _storing_on(folder: Path) -> dict[str, object]:
    """Give a node's options: objects there, index and log elsewhere, and no reserve, so that the disk really fills."""
    return {
        "aes": [MODALITY],
        "storage": {"url": f"file://{folder}", "reserved_bytes": 0},
        "analysis": {"quiet_seconds": 3600},
        "dicom": {"processes": 1},
    }


@pytest.fixture(scope="module")
def module_node(tmp_path_factory: pytest.TempPathFactory, disk: SmallDisk) -> Iterator[Node]:
    node = Node(tmp_path_factory.mktemp("node"), **_storing_on(disk.folder)).start()  # type: ignore[arg-type]  # options of all kinds
    yield node
    assert node.stop() == 0


def _store_large(node: Node, mebibytes: int) -> int:
    ds = ct_slice(Rows=1024, Columns=512 * mebibytes, PixelData=bytes(mebibytes * MEBIBYTE))
    with RawScu(node.dicom_port) as scu:
        return scu.store(encoded(ds), sop_instance=ds.SOPInstanceUID.encode())


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.suffix in (".dcm", ".part")}


def _stored_again(node: Node) -> None:
    # Free space is looked at once a second.
    wait_until(lambda: store_one(node) == SUCCESS, what="a stored instance")


def test_b37_a_full_disk_refuses_what_does_not_fit_and_goes_on(module_node: Node, disk: SmallDisk) -> None:
    _stored_again(module_node)
    files = _files(disk.folder)
    with Witness(module_node) as witness:
        witness.expect("store_refused", "A700", "full")
        disk.fill(but=2 * MEBIBYTE)
        assert _store_large(module_node, 4) == OUT_OF_RESOURCES
        assert _files(disk.folder) == files
        disk.empty()


def test_b37_a_file_that_may_not_grow_refuses_the_object_and_the_next_is_taken(
    module_node: Node, disk: SmallDisk
) -> None:
    _stored_again(module_node)
    (listener,) = module_node.children("dicom")
    files = _files(disk.folder)
    with Witness(module_node) as witness:
        witness.expect("store_refused", "A700", "full")
        before = resource.prlimit(listener, resource.RLIMIT_FSIZE, (12 * MEBIBYTE, -1))
        try:
            assert _store_large(module_node, 16) == OUT_OF_RESOURCES
        finally:
            resource.prlimit(listener, resource.RLIMIT_FSIZE, before)
        assert _files(disk.folder) == files


@pytest.mark.parametrize("fail", [BreakableDisk.refuse_writes, BreakableDisk.become_read_only])
def test_b37_a_disk_that_fails_for_good_never_acknowledges(
    start_node: Callable[..., Node], tmp_path: Path, fail: Callable[[BreakableDisk], None]
) -> None:
    folder = tmp_path / "breakable"
    with breakable_disk(folder, 64) as disk:
        node = start_node(**_storing_on(folder))
        assert store_one(node) == SUCCESS
        listeners, files = node.children("dicom"), _files(folder)
        fail(disk)
        assert [store_one(node) for _ in range(3)] == [OUT_OF_RESOURCES] * 3
        assert node.get("/api/v1/statistics")["instances"] == 1
        assert _files(folder) == files
        assert node.children("dicom") == listeners
        assert "Storage failed" in node.log
        assert "Traceback" not in node.log
        assert node.stop() == 0
