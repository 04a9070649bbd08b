"""Fixtures that start the whole node and its real peers."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from isocenter.demo.phantom import PhantomStudy, write_phantom
from tests.acceptance.peers.dcmtk import Scu, StoreScp, missing_tools
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.orthanc import Orthanc

SHARED = Path(__file__).parents[3] / "shared" / "data"


def require(*tools: str) -> None:
    missing = missing_tools(*tools)
    if missing and os.environ.get("ISOCENTER_REQUIRE_PEERS"):
        pytest.fail(f"`make test` should have installed {', '.join(missing)}")
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed; `make test` installs it")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real DICOM files beside the repository; tests that need it are skipped without it."""
    if not SHARED.is_dir():
        pytest.skip("the shared data folder is not beside the repository")
    return SHARED


@pytest.fixture(scope="session")
def chest_ct(tmp_path_factory: pytest.TempPathFactory) -> PhantomStudy:
    """A generated CT chest of 40 slices."""
    return write_phantom(tmp_path_factory.mktemp("chest"), slices=40)


@pytest.fixture
def start_node(tmp_path: Path) -> Iterator[Callable[..., Node]]:
    """Start nodes of this test; all are stopped after it.

    Tests ask for their database first: fixtures end in reverse order, and a node without its database ends slowly.
    """
    nodes: list[Node] = []

    def start(**options: Any) -> Node:
        node = Node(tmp_path / f"node{len(nodes)}", **options)
        nodes.append(node)
        return node.start()

    yield start
    for node in nodes:
        node.stop()


@pytest.fixture
def start_pacs(tmp_path: Path) -> Iterator[Callable[[str], StoreScp]]:
    """Start storescp peers; all are stopped after the test."""
    require("storescp", "storescu", "findscu", "movescu", "getscu", "echoscu")
    peers: list[StoreScp] = []

    def start(ae_title: str) -> StoreScp:
        peers.append(StoreScp(tmp_path / ae_title, ae_title).start())
        return peers[-1]

    yield start
    for peer in peers:
        peer.stop()


@pytest.fixture
def start_orthanc(tmp_path: Path) -> Iterator[Callable[[int], Orthanc]]:
    """Start Orthanc beside a node; it is stopped after the test."""
    require("Orthanc")
    started: list[Orthanc] = []

    def start(node_port: int) -> Orthanc:
        started.append(Orthanc(tmp_path / "orthanc", node_port=node_port).start())
        return started[-1]

    yield start
    for peer in started:
        peer.stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(scope="module")
def module_pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreScp]:
    """PACS1: a storescp for all tests of a module."""
    require("storescp", "storescu", "findscu", "movescu", "getscu", "echoscu")
    pacs = StoreScp(tmp_path_factory.mktemp("pacs"), "PACS1").start()
    yield pacs
    pacs.stop()


@pytest.fixture(scope="module")
def module_node(tmp_path_factory: pytest.TempPathFactory, module_pacs: StoreScp) -> Iterator[Node]:
    """A node for all tests of a module: MODALITY1 may send and query, PACS1 gets every result."""
    node = Node(tmp_path_factory.mktemp("node"), aes=[MODALITY, module_pacs.as_ae(results=True)]).start()
    yield node
    assert node.stop() == 0


@pytest.fixture(scope="module")
def modality(module_node: Node) -> Scu:
    """MODALITY1 calling the module's node."""
    return Scu(module_node.dicom_port)


MODALITY = {"name": "MODALITY1", "ae_title": "MODALITY1", "host": "127.0.0.1", "port": 104, "results": False}
