"""The receivers that are measured: each with its own folder on the same file system."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.dcmtk import StoreScp
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.orthanc import Orthanc
from tests.benchmarks.client import CALLING

ISOCENTER, ORTHANC, STORESCP = "Isocenter", "Orthanc", "storescp"
# Nothing is analysed: results would share the cores with what is measured.
_NEVER_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Something that takes C-STOREs; `pid` is its process, or the parent of its processes."""

    name: str
    port: int
    called: str
    pid: int


class _OrthancAlone(Orthanc):
    """Orthanc on its defaults, without plugins."""

    def _configuration(self) -> dict[str, Any]:
        return {**super()._configuration(), "Plugins": [], "DicomAlwaysAllowFind": True}


@contextmanager
def node(
    folder: Path,
    *,
    quiet_seconds: int = _NEVER_SECONDS,
    pictures: bool = False,
    web: Mapping[str, Any] | None = None,
    **sections: Any,
) -> Iterator[Node]:
    """Run a node on its defaults, but for sections of its configuration that are given, and complete series or none.

    What it makes while nobody sends would be made while another receiver is measured: pictures only when wanted.
    """
    assert MODALITY["ae_title"] == CALLING
    started = Node(
        folder,
        aes=[MODALITY],
        analysis={"quiet_seconds": quiet_seconds},
        dicom={"processes": os.cpu_count() or 1},
        web={**({} if pictures else {"prepared_pictures_bytes": 0}), **(web or {})},
        **sections,
    )
    started.start()
    try:
        yield started
    finally:
        started.stop()


def as_receiver(started: Node, name: str = ISOCENTER) -> Receiver:
    """Describe a node."""
    return Receiver(name=name, port=started.dicom_port, called=started.ae_title, pid=started.pid)


@contextmanager
def orthanc(folder: Path) -> Iterator[Receiver]:
    """Run Orthanc, with TCP_NODELAY=1."""
    started = _OrthancAlone(folder, node_port=1).start()
    assert started._process
    try:
        yield Receiver(name=ORTHANC, port=started.dicom_port, called="ORTHANC", pid=started._process.pid)
    finally:
        started.stop()


@contextmanager
def orthanc_with_http(folder: Path) -> Iterator[tuple[Receiver, str]]:
    """Run Orthanc, and tell the URL of its API, by which it is filled faster than by C-STORE."""
    started = _OrthancAlone(folder, node_port=1).start()
    assert started._process
    try:
        receiver = Receiver(name=ORTHANC, port=started.dicom_port, called="ORTHANC", pid=started._process.pid)
        yield receiver, f"http://127.0.0.1:{started.http_port}"
    finally:
        started.stop()


@contextmanager
def storescp(folder: Path) -> Iterator[Receiver]:
    """Run DCMTK's storescp, with TCP_NODELAY=1 and a process for each association."""
    started = StoreScp(folder, "STORESCP", options=("--fork",)).start()
    assert started._process
    try:
        yield Receiver(name=STORESCP, port=started.port, called="STORESCP", pid=started._process.pid)
    finally:
        started.stop()


@contextmanager
def all_receivers(folder: Path) -> Iterator[list[Receiver]]:
    """Run the node and its peers."""
    with ExitStack() as stack:
        ours = as_receiver(stack.enter_context(node(folder / "isocenter")))
        peers = [stack.enter_context(orthanc(folder / "orthanc")), stack.enter_context(storescp(folder / "storescp"))]
        yield [ours, *peers]
