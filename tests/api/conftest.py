"""Served applications: one on each database for what must work on both, one on SQLite for the rest."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.feed.connection import Patience
from tests.api.serving import Served, serving


@pytest.fixture
def node(sqlite_url: str, tmp_path: Path) -> Iterator[Served]:
    """Serve over a fresh SQLite database."""
    with serving(sqlite_url, tmp_path) as served:
        yield served


@pytest.fixture
def any_node(database_url: str, tmp_path: Path) -> Iterator[Served]:
    """Serve over a fresh database, once of each kind."""
    with serving(database_url, tmp_path) as served:
        yield served


@pytest.fixture(scope="module")
def shared_node(_migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve for all tests of a module that leave nothing behind which others see."""
    folder = tmp_path_factory.mktemp("node")
    shutil.copy(_migrated_sqlite, folder / "index.sqlite")
    with serving(f"sqlite:///{folder}/index.sqlite", folder) as served:
        yield served


@pytest.fixture
def impatient_node(sqlite_url: str, tmp_path: Path) -> Iterator[Served]:
    """Serve with time limits of the feed that a test can wait for."""
    with serving(sqlite_url, tmp_path, patience=Patience(send=1.0, recheck=0.1)) as served:
        yield served
