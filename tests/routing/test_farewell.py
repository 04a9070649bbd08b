"""Subscribers are told that the node goes down, and the node goes down all the same."""

import socket
import time
from collections.abc import Iterator

import pytest

from archive.database import Database
from archive.workitem_states import Channel
from archive.workitem_subscriptions import GLOBAL, subscribe
from routing.farewell import Farewell
from routing.peers import Peer
from tests.archive.workitem_data import NOW, TENANT, UID, create
from tests.routing.subscribers import Subscriber


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    with Database(sqlite_url) as database:
        yield database


def watch(database: Database, ae_title: str, uid: str = GLOBAL, channel: Channel = Channel.DIMSE) -> None:
    database.write(subscribe, TENANT, uid, ae_title, channel, now=NOW)


def test_every_subscriber_is_told_once_that_the_node_goes_down(sqlite: Database) -> None:
    create(sqlite)
    watch(sqlite, "WATCHER")
    watch(sqlite, "WATCHER", UID)
    watch(sqlite, "FORMER")
    watch(sqlite, "BOARD", channel=Channel.WEBSOCKET)
    asked = []
    with Subscriber().listening() as subscriber:

        def find(tenant: str, ae_title: str) -> Peer | None:
            asked.append(ae_title)
            return subscriber.find(tenant, ae_title)

        farewell = Farewell(sqlite, find=find)
        farewell.begin()
        farewell.wait()
        ((event, uid, information),) = subscriber.told
    assert (event, uid, information.SCPStatus) == (4, GLOBAL, "GOING DOWN")
    # The two others are of RESTARTED alone (PS3.4 Table CC.2.4-1).
    assert [element.keyword for element in information] == ["SCPStatus"]
    assert sorted(asked) == ["FORMER", "WATCHER"]


def test_nobody_is_waited_for_who_does_not_answer(sqlite: Database) -> None:
    for number in range(12):
        watch(sqlite, f"SILENT{number}")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        def find(_tenant: str, ae_title: str) -> Peer:
            return Peer(name=ae_title, ae_title=ae_title, host="127.0.0.1", port=port, calling_ae_title="ISOCENTER")

        farewell = Farewell(sqlite, find=find, seconds=0.3)
        begun = time.monotonic()
        farewell.begin()
        farewell.wait()
        assert 0.25 < time.monotonic() - begun < 1
