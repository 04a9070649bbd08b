"""Peers to send to: pynetdicom's SCP with whatever handlers a test wants, and sockets that misbehave."""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE

from archive.file_meta import encode as encode_meta
from archive.retrieve import StoredInstance
from archive.uids import SeriesInstanceUID, SOPClassUID, SOPInstanceUID, StudyInstanceUID, TransferSyntaxUID
from routing.peers import Peer
from tests.accepted import served

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT, IMPLICIT, JPEG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.50"


def peer(port: int, **changes: Any) -> Peer:
    values: dict[str, Any] = {"connect_seconds": 2.0, "response_seconds": 5.0, **changes}
    return Peer(name="PACS1", ae_title="PACS1", host="127.0.0.1", port=port, calling_ae_title="ISOCENTER", **values)


@contextmanager
def scp(
    contexts: dict[str, list[str]], handlers: list[Any], *, sent: Sequence[str] = (), **options: Any
) -> Iterator[Peer]:
    """Run pynetdicom's SCP for these abstract and transfer syntaxes; `sent` are the classes it sends by C-GET."""
    ae = AE(ae_title="PACS1")
    for name, value in options.items():
        setattr(ae, name, value)
    for abstract, transfers in contexts.items():
        ae.add_supported_context(abstract, transfers)
    for abstract in sent:
        ae.add_supported_context(abstract, [EXPLICIT, IMPLICIT], scu_role=True, scp_role=True)
    with served(ae, handlers) as port:
        yield peer(port)


@contextmanager
def one_connection(serve: Callable[[socket.socket], object]) -> Iterator[Peer]:
    """Accept one connection and let `serve` do with it what it wants."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            connection, _ = listening.accept()
            with connection:
                serve(connection)

        thread = threading.Thread(target=run)
        thread.start()
        yield peer(listening.getsockname()[1])
        thread.join(10)


class Files:
    """Blobs in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        return self.folder / key

    def add(self, data_set: bytes, *, sop_class: str = CT, syntax: str = EXPLICIT, uid: str = "") -> StoredInstance:
        uid = uid or str(generate_uid())
        meta = encode_meta(sop_class_uid=sop_class, sop_instance_uid=uid, transfer_syntax_uid=syntax)
        self.path(uid).write_bytes(meta + data_set)
        return StoredInstance(
            patient_id="P1",
            study_instance_uid=StudyInstanceUID("1.2"),
            series_instance_uid=SeriesInstanceUID("1.2.3"),
            sop_instance_uid=SOPInstanceUID(uid),
            sop_class_uid=SOPClassUID(sop_class),
            transfer_syntax_uid=TransferSyntaxUID(syntax),
            modality="CT",
            instance_number=1,
            key=uid,
            data_offset=len(meta),
            size=len(data_set),
            content_hash="",
            number_of_frames=None,
            rows=None,
            columns=None,
            hidden=False,
        )


def uid_of(dataset: Dataset) -> str:
    return str(dataset.SOPInstanceUID)
