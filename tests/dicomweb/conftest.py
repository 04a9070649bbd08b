"""A DICOMweb service alone on a free port: real database, real files, real HTTP; no login."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from dicomweb_client.api import DICOMwebClient
from fastapi import FastAPI
from starlette.requests import HTTPConnection

from access.permissions import Permission, Role
from access.principals import Principal
from archive.blobs import FileBlobs
from archive.database import AsyncDatabase, Database
from archive.decoding import DecodingPool
from archive.ingest import Archive
from archive.origin import Origin, OriginKind
from archive.threaded_database import open_async
from dicomweb.router import create_router
from dicomweb.services import Authorization, Services
from tests.prompt_server import NO_AUTHORITIES, promptly_served

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
MAX_UPLOAD_BYTES = 32 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """The running service and what is behind it."""

    url: str
    http: httpx.Client
    archive: Archive
    database: Database

    @property
    def client(self) -> DICOMwebClient:
        return DICOMwebClient(self.url)

    def json(self, path: str, status: int = 200, **params: Any) -> Any:
        answer = self.http.get(path, params=params)
        assert answer.status_code == status, answer.text
        return answer.json()

    def receive(self, *files: Path) -> None:
        """Keep files, not by HTTP."""
        for file in files:
            self.archive.receive_file(file, Origin(kind=OriginKind.IMPORT))


def everybody(_permission: Permission, /) -> Authorization:
    """Let everybody in."""

    async def who_asks(_connection: HTTPConnection) -> Principal:
        return Principal(username="tester", name="Tester", role=Role.ADMIN)

    return who_asks


@contextmanager
def served(app: FastAPI, database: AsyncDatabase) -> Iterator[str]:
    """Serve an application on a free port, in a thread, and close its database there."""
    with promptly_served(app, database.dispose) as port:
        yield f"http://127.0.0.1:{port}/dicom-web"


@contextmanager
def open_web(database_url: str, folder: Path, decoder: DecodingPool, **services: Any) -> Iterator[Web]:
    """Open a service over a database and a folder."""
    with (
        Database(database_url) as database,
        FileBlobs(folder / "blobs", reserved_bytes=0) as blobs,
        Archive(database, blobs) as archive,
    ):
        parts = Services(
            database=open_async(database, connections=2),
            archive=archive,
            decoder=decoder,
            max_upload_bytes=MAX_UPLOAD_BYTES,
            **services,
        )
        app = FastAPI(openapi_url=None)
        app.include_router(create_router(everybody, services=parts))
        with served(app, parts.database) as url, httpx.Client(base_url=url, timeout=60, verify=NO_AUTHORITIES) as http:
            yield Web(url=url, http=http, archive=archive, database=database)


@pytest.fixture(scope="session")
def decoder() -> Iterator[DecodingPool]:
    """Decode for all tests: starting a process takes longer than most of them."""
    with DecodingPool(workers=1) as pool:
        yield pool


@pytest.fixture
def web(sqlite_url: str, tmp_path: Path, decoder: DecodingPool) -> Iterator[Web]:
    """Serve over a fresh SQLite database."""
    with open_web(sqlite_url, tmp_path, decoder) as opened:
        yield opened


@pytest.fixture
def any_web(database_url: str, tmp_path: Path, decoder: DecodingPool) -> Iterator[Web]:
    """Serve over a fresh database, once of each kind."""
    with open_web(database_url, tmp_path, decoder) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_web(
    _migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, decoder: DecodingPool
) -> Iterator[Web]:
    """Serve for all tests of a module that leave nothing behind which others see."""
    folder = tmp_path_factory.mktemp("web")
    shutil.copy(_migrated_sqlite, folder / "index.sqlite")
    with open_web(f"sqlite:///{folder}/index.sqlite", folder, decoder) as opened:
        yield opened
