"""A listener over a real archive for every test that wants one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scp.running import Node, start_node


@pytest.fixture
def node(tmp_path: Path, sqlite_url: str) -> Iterator[Node]:
    running, stop = start_node(tmp_path, sqlite_url)
    yield running
    stop()


@pytest.fixture
def make_node(tmp_path: Path, sqlite_url: str) -> Iterator[Callable[..., Node]]:
    """Start a node with other `dicom` settings."""
    stops = []

    def make(**dicom: Any) -> Node:
        running, stop = start_node(tmp_path, sqlite_url, **dicom)
        stops.append(stop)
        return running

    yield make
    for stop in stops:
        stop()
