"""Fixtures that every test folder may use: fresh, migrated databases of both kinds."""

import itertools
import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from archive import schema
from archive.database import Database
from tests import patient_requestor, postgres
from tests.certificates import Authority, Identity

_numbers = itertools.count()
patient_requestor.mend()


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Undo what a command that ran in this process did to the logs: its standard error is closed by now."""
    configured, handlers, level = structlog.get_config(), list(logging.root.handlers), logging.root.level
    with warnings.catch_warnings():
        yield
    structlog.configure(**configured)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def _peers_are_required() -> bool:
    return os.environ.get("CI") == "true" or os.environ.get("ISOCENTER_REQUIRE_PEERS") == "1"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """Run a PostgreSQL whose database `migrated` has the current schema."""
    if postgres.binaries() is None:
        if _peers_are_required():
            pytest.fail("Debian's package postgresql is required and not installed")
        pytest.skip("Debian's package postgresql is not installed")
    with postgres.running() as server:
        schema.upgrade(server.create("migrated"))
        yield server


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> Iterator[str]:
    """Give the URL of a fresh, migrated PostgreSQL database."""
    name = f"test{next(_numbers)}"
    yield postgres_server.create(name, "migrated")
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "index.sqlite"
    schema.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(_migrated_sqlite: Path, tmp_path: Path) -> str:
    """Give the URL of a fresh, migrated SQLite database."""
    path = tmp_path / "index.sqlite"
    shutil.copy(_migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of a fresh, migrated database, once of each kind."""
    name = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give a fresh, migrated database, once of each kind."""
    with Database(database_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Give a certificate authority."""
    return Authority(tmp_path_factory.mktemp("authority"), "hospital")


@pytest.fixture(scope="session")
def identity(authority: Authority) -> Identity:
    """Give a certificate for this machine."""
    return authority.issue("node")
