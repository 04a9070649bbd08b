"""B38 and B39 on PostgreSQL: the node dies, or the database does, while four associations send."""

import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.crashes import Crashes
from tests.acceptance.peers.interruption import Interruption
from tests.acceptance.peers.kept import keeping
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.raw import RawScu
from tests.acceptance.peers.senders import Senders
from tests.acceptance.peers.series import Made, Series
from tests.postgres import Server
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

OUT_OF_RESOURCES = 0xA700


@pytest.fixture
def node(postgres_url: str, start_node: Callable[..., Node]) -> Node:
    return start_node(aes=[MODALITY], database={"url": postgres_url}, analysis={"quiet_seconds": 3600})


def _more(senders: Senders, count: int) -> None:
    enough = len(senders.acknowledged) + count
    wait_until(lambda: len(senders.acknowledged) >= enough, seconds=90, what="more acknowledged objects")


def _check(node: Node, url: str, senders: Senders) -> None:
    """Check that exactly the acknowledged objects are there, each whole, and nothing of the refused ones."""
    with keeping(node.data_dir, url) as kept:
        rows = {row.sop_instance_uid: row for row in kept.rows()}
        indexed = {row.path for row in rows.values()}
        assert indexed <= kept.files()
        # A commit whose answer never came leaves its file, until a sweep finds out what became of it.
        assert len(kept.files() - indexed) <= node.log.count('"event": "commit_unknown"')
        # Files that lay ready for the next objects stay for some seconds.
        wait_until(lambda: not kept.unfinished(), what="an empty spool")
    assert {uid: row.sha256() for uid, row in rows.items()} == senders.acknowledged


def test_b39_kill_9_of_the_node_loses_nothing(node: Node, postgres_url: str) -> None:
    crashes = Crashes(node, seed=random.SystemRandom().randrange(1 << 30), url=postgres_url)
    for role in ("", "dicom"):
        crashes.check(crashes.crash(role))
    crashes.check_all()


def test_b38_a_database_that_dies_and_comes_back_within_the_deadline_refuses_nothing(
    node: Node, postgres_server: Server, postgres_url: str
) -> None:
    senders = Senders(node.dicom_port, sides=(16, 128))
    with senders.sending():
        for _ in range(2):
            _more(senders, 20)
            postgres_server.stop()
            postgres_server.start()
        _more(senders, 20)
    assert not senders.refused
    _check(node, postgres_url, senders)


def test_b38_a_database_that_stays_away_refuses_with_a700_and_leaves_nothing_behind(
    node: Node, postgres_server: Server, postgres_url: str
) -> None:
    senders = Senders(node.dicom_port, sides=(16, 128))
    with senders.sending():
        _more(senders, 40)
        postgres_server.stop()
        wait_until(lambda: all(sender.refused for sender in senders.each), seconds=60, what="a refusal for each sender")
        postgres_server.start()
        _more(senders, 40)
    assert set(senders.refused.values()) == {OUT_OF_RESOURCES}
    _check(node, postgres_url, senders)


def test_b38_an_object_whose_commit_was_never_answered_is_whole_when_it_is_sent_again(
    postgres_server: Server, postgres_url: str, start_node: Callable[..., Node]
) -> None:
    with TemporaryDirectory(prefix="pg-") as folder, Interruption(Path(folder), postgres_server.folder) as between:
        url = postgres_url.replace(str(postgres_server.folder), folder)
        node = start_node(aes=[MODALITY], database={"url": url}, analysis={"quiet_seconds": 3600})
        made = Series().make()
        between.go_after_commit_of(made.sop_instance_uid)
        assert _store(node, made) == OUT_OF_RESOURCES
        assert between.is_away.is_set()
        between.come_back()
        wait_until(lambda: _store(node, made) == 0, seconds=60, what="the object stored")
        with keeping(node.data_dir, postgres_url) as kept:
            assert [row.sha256() for row in kept.rows()] == [made.sha256]
        assert node.stop() == 0


def _store(node: Node, made: Made) -> int | None:
    with RawScu(node.dicom_port) as scu:
        scu.socket.settimeout(60)
        if scu.rejection:
            return None
        return scu.store(made.data_set, sop_instance=made.sop_instance_uid.encode())
