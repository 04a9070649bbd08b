"""Sees what a bad input did to a node: nothing left over, leaked or told, and the next sender is served."""

import json
from pathlib import Path
from typing import Any, Self

from tests.acceptance.peers.node import Node
from tests.acceptance.peers.objects import ct_slice, encoded
from tests.acceptance.peers.raw import RawScu
from tests.waiting import wait_until

_MEBIBYTE = 1 << 20
_PATIENT = ("Test^Acceptance", "ACC-1", "19700101")


class Witness:
    """Compares a node before and after.

    Parameters
    ----------
    node
        A node that nobody else uses meanwhile.
    growth_mib
        How much a listener's memory may have grown at its peak.
    """

    def __init__(self, node: Node, *, growth_mib: int = 64) -> None:
        self.node = node
        self._growth = growth_mib * _MEBIBYTE
        self._expected: tuple[str, ...] = ()
        self._listeners = sorted(node.children("dicom"))
        self._resident = {pid: resident_bytes(pid) for pid in self._listeners}
        for pid in self._listeners:
            # Forget the peak of what came before (proc(5)).
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        self._objects, self._others = self._files()
        self._rows = self.rows()
        self._stored = 0
        self._log_from = len(node.log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is None:
            self.check()

    def expect(self, event: str, *texts: str) -> None:
        """Say which line of the log must tell what happened."""
        self._expected = (event, *texts)

    def store(self) -> int:
        """Store a right object, which must then be there; returns the status."""
        self._stored += 1
        return store_one(self.node)

    def rows(self) -> int:
        return int(self.node.get("/api/v1/statistics")["instances"])

    def log(self) -> list[dict[str, Any]]:
        """Return the log since the beginning: one JSON object a line, whatever a peer put into its names."""
        return [json.loads(line) for line in self.node.log[self._log_from :].splitlines() if line]

    def check(self) -> None:
        """Fail when the node is not as it was, or did not say what happened; then store an object."""
        wait_until(self._said, what=f"a line of the log with {self._expected}")
        wait_until(lambda: not self._leftovers(), what="an empty spool")
        assert sorted(self.node.children("dicom")) == self._listeners
        objects, others = self._files()
        assert len(objects - self._objects) == self._stored
        assert not self._objects - objects
        assert others == self._others
        assert self.rows() == self._rows + self._stored
        for pid in self._listeners:
            grown = peak_bytes(pid) - self._resident[pid]
            assert grown <= self._growth, f"a listener grew by {grown / _MEBIBYTE:.0f} MiB"
        said = self.node.log[self._log_from :]
        assert not [text for text in _PATIENT if text in said]
        assert "Traceback" not in said
        assert store_one(self.node) == 0

    def _said(self) -> bool:
        assert self._expected, "the test does not say what the log should hold"
        event, *texts = self._expected
        lines = [str(line) for line in self.log() if line.get("event") == event]
        return any(all(text in line for text in texts) for line in lines)

    def _leftovers(self) -> list[Path]:
        return list(self.node.data_dir.rglob("*.part"))

    def _files(self) -> tuple[set[Path], set[Path]]:
        """Return the objects, and all files that are not in the data folder."""
        objects = set(self.node.data_dir.rglob("*.dcm"))
        return objects, {path for path in self.node.folder.rglob("*") if self.node.data_dir not in path.parents}


def store_one(node: Node) -> int:
    """Store a right object over an association of its own; returns the status."""
    ds = ct_slice()
    with RawScu(node.dicom_port) as scu:
        return scu.store(encoded(ds), sop_instance=ds.SOPInstanceUID.encode())


def resident_bytes(pid: int) -> int:
    return _status(pid, "VmRSS")


def peak_bytes(pid: int) -> int:
    """Return the most memory that a process had since its peak was reset."""
    return _status(pid, "VmHWM")


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) * 1024
