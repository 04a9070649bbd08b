"""B60: SIGTERM while systems are subscribed to workitems. They are told, and the node ends as fast as ever."""

import base64
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydicom import Dataset
from pynetdicom import AE
from websockets.sync.client import ClientConnection, connect

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.figures import show
from tests.acceptance.peers.node import ADMIN_PASSWORD, Node
from tests.routing.subscribers import Subscriber

pytestmark = pytest.mark.acceptance

GLOBAL = "1.2.840.10008.5.1.4.34.5"
PUSH, WATCH = "1.2.840.10008.5.1.4.34.6.1", "1.2.840.10008.5.1.4.34.6.2"
GOING_AWAY = 1001
# Of the time that the node has, and more than the end takes with nobody to tell.
QUICKLY_SECONDS = 8.0


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where somebody takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def subscribe(node: Node, ae_title: str) -> None:
    """Subscribe to all workitems, as MODALITY1."""
    ae = AE(ae_title="MODALITY1")
    ae.add_requested_context(WATCH)
    association: Any = ae.associate("127.0.0.1", node.dicom_port, ae_title=node.ae_title)
    who = Dataset()
    who.ReceivingAE, who.DeletionLock, who.RequestingAE = ae_title, "FALSE", "MODALITY1"
    status, _ = association.send_n_action(who, 3, PUSH, GLOBAL, meta_uid=WATCH)
    association.release()
    assert status.Status == 0x0000


def board(node: Node, ae_title: str) -> ClientConnection:
    """Open the WebSocket of a subscriber."""
    credentials = base64.b64encode(f"admin:{ADMIN_PASSWORD}".encode()).decode()
    address = f"ws://127.0.0.1:{node.web_port}/dicom-web/subscribers/{ae_title}"
    return connect(address, additional_headers={"Authorization": f"Basic {credentials}"})


def test_b60_subscribers_hear_that_the_node_goes_down_and_it_does_not_wait_for_those_who_do_not_listen(
    start_node: Callable[..., Node], silent: int
) -> None:
    with Subscriber().listening() as watcher:
        others = [
            {**MODALITY, "name": name, "ae_title": name, "port": port}
            for name, port in (("WATCHER", watcher.port), ("SILENT", silent))
        ]
        node = start_node(aes=[MODALITY, *others])
        subscribe(node, "SILENT")
        subscribe(node, "WATCHER")
        with board(node, "BOARD") as channel, board(node, "NOBODY") as other:
            with node.client() as client:
                assert client.post(f"/dicom-web/workitems/{GLOBAL}/subscribers/BOARD").status_code == 201
            begun = time.monotonic()
            os.kill(node.pid, signal.SIGTERM)
            told = [json.loads(message) for message in channel]
            assert not list(other)
            assert {channel.close_code, other.close_code} == {GOING_AWAY}
        assert node.stop() == 0
        seconds = time.monotonic() - begun
    show(f"ended after {seconds:.1f} s")
    assert seconds < QUICKLY_SECONDS
    assert [(event, uid, said.SCPStatus) for event, uid, said in watcher.told] == [(4, GLOBAL, "GOING DOWN")]
    assert [report["00001002"]["Value"] for report in told] == [[4]]
    assert (told[0]["00001000"]["Value"], told[0]["00741242"]["Value"]) == ([GLOBAL], ["GOING DOWN"])
    assert "child_killed" not in node.log
