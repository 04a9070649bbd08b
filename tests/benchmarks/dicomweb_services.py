"""The DICOMweb services that are measured: the node and Orthanc, both asking for a password."""

import base64
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx

from archive import file_meta
from archive.database import Database
from dicomweb.rendering.prepared import PreparedPictures, read_head
from tests.acceptance.peers.node import ADMIN_PASSWORD
from tests.acceptance.peers.orthanc import Orthanc
from tests.benchmarks import query_index, query_objects
from tests.benchmarks.receivers import ISOCENTER, ORTHANC, node
from tests.benchmarks.series import Series
from tests.waiting import wait_until

_USER: Final = "admin"
_EXPLICIT: Final = "1.2.840.10008.1.2.1"
_BOUNDARY: Final = "benchmark"
# As many objects in one STOW-RS request: Orthanc holds a whole request in memory.
_AT_ONCE: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A DICOMweb service under `/dicom-web`; `pids` gives its processes that answer requests."""

    name: str
    port: int
    pids: Callable[[], list[int]]

    @property
    def url(self) -> str:
        """The root of the service."""
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx.Client:
        """Return a client for what is not measured."""
        return httpx.Client(base_url=self.url, headers=HEADERS, timeout=300)


HEADERS: Final = {"Authorization": "Basic " + base64.b64encode(f"{_USER}:{ADMIN_PASSWORD}".encode()).decode()}


class _OrthancWithPassword(Orthanc):
    """Orthanc on its defaults, with its DICOMweb plugin and one user."""

    def _configuration(self) -> dict[str, Any]:
        users = {_USER: ADMIN_PASSWORD}
        return {**super()._configuration(), "AuthenticationEnabled": True, "RegisteredUsers": users}

    def _is_up(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.http_port}/system", headers=HEADERS).is_success
        except httpx.TransportError:
            return False


@contextmanager
def services(folder: Path, **options: Any) -> Iterator[list[Service]]:
    """Run the node, with a web process for each core, and Orthanc; options are those of `receivers.node`."""
    started = _OrthancWithPassword(folder / "orthanc", node_port=1).start()
    assert started._process
    pid = started._process.pid
    try:
        with node(folder / "isocenter", web={"processes": os.cpu_count() or 1}, **options) as ours:
            yield [
                Service(name=ISOCENTER, port=ours.web_port, pids=lambda: ours.children("web")),
                Service(name=ORTHANC, port=started.http_port, pids=lambda: [pid]),
            ]
    finally:
        started.stop()


@contextmanager
def filled(folder: Path, studies: int) -> Iterator[list[Service]]:
    """Run both with so many small studies: straight into the node's index, over Orthanc's API."""
    with services(folder) as (ours, peer):
        with Database(f"sqlite:///{folder}/isocenter/data/index.sqlite") as database:
            database.write(query_index.fill, studies)
        with peer.client() as client:
            for number in range(studies):
                client.post("/instances", content=query_objects.file_of(number)).raise_for_status()
        yield [ours, peer]


def wait_for_pictures(folder: Path, series: Iterable[Series]) -> None:
    """Wait until the node has made the pictures of series."""
    ready = PreparedPictures(folder / "isocenter" / "data" / "pictures")
    for one in series:
        path = ready.path(one.study_instance_uid, one.series_instance_uid)
        wait_until(partial(_is_made_of, path, one.count), seconds=300, what="the pictures of a series")


def _is_made_of(path: Path, images: int) -> bool:
    head = read_head(path)
    return head is not None and head.state.split(":")[1] == str(images)


def store(service: Service, series: Series) -> None:
    """Store a series by STOW-RS."""
    with service.client() as client:
        for first in range(0, series.count, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, series.count))
            answer = client.post("/dicom-web/studies", content=_body(series, numbers), headers=_STOW)
            if answer.status_code != httpx.codes.OK:
                raise SystemExit(f"{service.name} answered STOW-RS with {answer.status_code}: {answer.text[:500]}")


_STOW: Final = {
    "Content-Type": f'multipart/related; type="application/dicom"; boundary={_BOUNDARY}',
    "Accept": "application/dicom+json",
}


def _body(series: Series, numbers: Iterable[int]) -> bytes:
    parts = []
    for instance in series.instances(numbers):
        meta = file_meta.encode(
            sop_class_uid=instance.sop_class_uid,
            sop_instance_uid=instance.sop_instance_uid,
            transfer_syntax_uid=_EXPLICIT,
        )
        parts += [
            f"--{_BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode(),
            meta,
            instance.data_set,
            b"\r\n",
        ]
    return b"".join([*parts, f"--{_BOUNDARY}--\r\n".encode()])
