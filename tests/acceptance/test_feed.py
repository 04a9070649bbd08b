"""The status feed over a real WebSocket: nothing missed, nothing twice."""

import base64
import json
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from isocenter.demo.phantom import PhantomStudy
from tests.acceptance.peers.dcmtk import Scu
from tests.acceptance.peers.node import ADMIN_PASSWORD, Node

pytestmark = pytest.mark.acceptance

_BASIC = base64.b64encode(f"admin:{ADMIN_PASSWORD}".encode()).decode()


def _open(node: Node, since: int) -> ClientConnection:
    return connect(
        f"ws://127.0.0.1:{node.web_port}/ws/events?since={since}",
        additional_headers={"Authorization": f"Basic {_BASIC}"},
    )


def _read_until(socket: ClientConnection, kind: str, study_uid: str, *, times: int = 1) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    while times:
        messages.append(json.loads(socket.recv(timeout=40)))
        times -= messages[-1]["type"] == kind and messages[-1]["study_uid"] == study_uid
    return messages


def test_a_client_that_reconnects_misses_nothing(module_node: Node, modality: Scu, chest_ct: PhantomStudy) -> None:
    uid = chest_ct.study_instance_uid
    with _open(module_node, 0) as socket:
        assert modality.store(chest_ct.files).returncode == 0
        before = _read_until(socket, "series.complete", uid)
    module_node.wait_for_status(uid, "COMPLETE")
    with _open(module_node, before[-1]["seq"]) as socket:
        after = _read_until(socket, "job.complete", uid)
    numbers = [message["seq"] for message in before + after]
    log = [event["seq"] for event in module_node.events() if event["seq"] <= numbers[-1]]
    assert numbers == log


def test_a_client_without_credentials_gets_no_feed(module_node: Node) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{module_node.web_port}/ws/events")
    assert refused.value.response.status_code in {401, 403}
