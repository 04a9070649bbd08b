"""A large object comes in by STOW-RS and goes out by WADO-RS in little memory; `make crash` sends 2 GiB."""

import os
import shutil
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.acceptance.peers.figures import keep
from tests.acceptance.peers.large import FRAME_BYTES, LargeObject
from tests.acceptance.peers.memory import Watched
from tests.acceptance.peers.node import Node

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

_MEBIBYTES = int(os.environ.get("LARGE_MEBIBYTES", "256"))
_MOST_GROWTH_MEBIBYTES = 64
_NEVER_SECONDS = 3600


@pytest.fixture
def node(start_node: Callable[..., Node]) -> Iterator[Node]:
    # Nothing is analysed, so that what is measured is storing and retrieving.
    node = start_node(storage={"reserved_bytes": 0}, analysis={"quiet_seconds": _NEVER_SECONDS})
    yield node
    node.stop()
    # pytest keeps the folders of its last runs.
    shutil.rmtree(node.data_dir)


def _stow(client: httpx.Client, large: LargeObject, *, apart: bool = False) -> None:
    answer = large.stow_apart(client) if apart else large.stow(client)
    assert answer.status_code == httpx.codes.OK, answer.text


def _watched(node: Node, act: Callable[[], object]) -> str:
    """Act, check that every process stayed small, and say how long it took."""
    watched = Watched(node.children())
    begun = time.monotonic()
    act()
    seconds = time.monotonic() - begun
    growth = watched.growth()
    assert max(each.peak for each in growth) <= _MOST_GROWTH_MEBIBYTES, "; ".join(map(str, growth))
    return f"{seconds:.1f} s, growth of memory at most {max(each.peak for each in growth):.0f} MiB"


def test_a_large_object_streams_through_the_web_server(node: Node) -> None:
    with node.client() as client:
        # What only a first object loads is not an object's memory.
        small = LargeObject(4)
        _stow(client, small)
        assert small.fetch(client) == small.sha256
        _stow(client, LargeObject(4), apart=True)
        large = LargeObject(_MEBIBYTES * 2**20 // FRAME_BYTES)
        stored = _watched(node, lambda: _stow(client, large))
        fetched: list[str] = []
        retrieved = _watched(node, lambda: fetched.append(large.fetch(client)))
        parts = LargeObject(_MEBIBYTES * 2**20 // FRAME_BYTES)
        apart = _watched(node, lambda: _stow(client, parts, apart=True))
    assert fetched == [large.sha256]
    keep(
        "large-web",
        f"{_MEBIBYTES} MiB stored by STOW-RS in {stored}; as metadata and bulk data in {apart}; "
        f"retrieved by WADO-RS in {retrieved}.",
    )
