"""A simulated PACS: takes every object, keeps it as a file, and says so on standard output.

Run as `python -m isocenter.demo.pacs FOLDER`: prints `listening PORT`, then `stored SOP_CLASS_UID SOP_INSTANCE_UID`
for each object.
"""

import itertools
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID

from access.proofs import NOTHING_SHOWN, Proof
from archive.origin import DEFAULT_TENANT, Origin
from config.sections import LogSettings
from isocenter import logs
from isocenter.parentage import follow_supervisor
from routing.dimse import CommandField
from scp.admission import Caller
from scp.association import Acceptor, Limits
from scp.doors import Door, bind
from scp.echo import Echo
from scp.listener import Listener
from scp.slots import Slots
from scp.store import Store

_LARGEST_OBJECT = 1 << 30
_MOST_ASSOCIATIONS = 20
_DRAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An object that came in."""

    sop_class_uid: str
    sop_instance_uid: str
    path: Path


class ReceivedFile:
    """A Part 10 file (PS3.10 Section 7.1) that grows with the data set that arrives."""

    def __init__(self, folder: Path, number: int, meta: FileMetaDataset) -> None:
        self._meta = meta
        self._path = folder / f"{number:06d}.dcm"
        self._file = self._path.open("wb")
        header = DicomBytesIO()
        write_file_meta_info(header, meta, enforce_standard=True)
        self._file.write(bytes(128) + b"DICM" + header.getvalue())

    def write(self, view: memoryview | bytes) -> object:
        """Append bytes of the data set."""
        return self._file.write(view)

    def finish(self) -> Received:
        """Close the complete file."""
        self._file.close()
        return Received(
            sop_class_uid=self._meta.MediaStorageSOPClassUID,
            sop_instance_uid=self._meta.MediaStorageSOPInstanceUID,
            path=self._path,
        )

    def discard(self) -> None:
        """Remove the incomplete file."""
        self._file.close()
        self._path.unlink()


class Shelf:
    """Where the simulated PACS puts what it gets.

    Parameters
    ----------
    folder
        Made if missing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._numbers = itertools.count(len(list(folder.iterdir())) + 1)

    def spool(self, *, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> ReceivedFile:
        """Open a file for an object that is about to arrive."""
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = UID(sop_class_uid)
        meta.MediaStorageSOPInstanceUID = UID(sop_instance_uid)
        meta.TransferSyntaxUID = UID(transfer_syntax_uid)
        return ReceivedFile(self._folder, next(self._numbers), meta)

    def receive(self, spooled: Received, _origin: Origin, answer: Callable[[], object]) -> object:
        """Announce an object that is kept, and answer."""
        print(f"stored {spooled.sop_class_uid} {spooled.sop_instance_uid}", flush=True)  # noqa: T201 - the protocol
        answer()
        return spooled

    def make_ready(self) -> None:
        """Nothing can be prepared."""

    def let_go(self) -> None:
        """Nothing was prepared."""


class Everyone:
    """Admits whoever calls."""

    def decide(
        self, *, calling_ae_title: str, called_ae_title: str, address: str, proof: Proof = NOTHING_SHOWN
    ) -> Caller:
        """Admit for C-ECHO and C-STORE."""
        del proof
        return Caller(
            calling_ae_title=calling_ae_title,
            called_ae_title=called_ae_title,
            address=address,
            tenant=DEFAULT_TENANT,
            allowed=frozenset({"echo", "store"}),
        )


class NoRecord:
    """Keeps associations off any record."""

    def opened(self, **_facts: str) -> int:
        """Give every association the same number."""
        return 0

    def closed(self, association_id: int) -> None:
        """Forget a release."""

    def aborted(self, association_id: int, reason: str) -> None:
        """Forget an abort."""

    def rejected(self, **_facts: str) -> None:
        """Forget a refusal."""


def serve(folder: Path) -> None:
    """Run until SIGTERM or SIGINT."""
    logs.configure(LogSettings(), role="simulated PACS")
    shelf = Shelf(folder)
    slots = Slots(folder.parent / "pacs.slots", total=_MOST_ASSOCIATIONS, per_peer=_MOST_ASSOCIATIONS)
    acceptor = Acceptor(
        rules=Everyone(),
        recorder=NoRecord(),
        slots=slots,
        services={
            CommandField.C_ECHO: Echo(),
            CommandField.C_STORE: Store(shelf, max_object_bytes=_LARGEST_OBJECT),
        },
        limits=Limits(),
    )
    listener = Listener([Door(listening=bind("127.0.0.1", 0))], acceptor, slots.load)
    listener.stop_at(signal.SIGTERM, signal.SIGINT)
    follow_supervisor()
    print(f"listening {listener.port}", flush=True)  # noqa: T201 - the protocol
    listener.serve()
    listener.drain(_DRAIN_SECONDS)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
