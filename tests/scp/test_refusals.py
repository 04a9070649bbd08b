"""Who is not let in, and how that is said (PS3.8 Section 9.3.4)."""

from collections.abc import Callable

import pytest

from archive import associations
from tests.scp.running import Node
from tests.scp.wire import EXPLICIT, VERIFICATION, Wire
from tests.waiting import wait_until

ECHO = {1: (VERIFICATION, (EXPLICIT,))}


def rejection(node: Node, **request: object) -> tuple[int, int, int]:
    wire = Wire(node.connect())
    wire.request(ECHO, **request)  # type: ignore[arg-type]  # whatever the test changes
    kind, body = wire.pdu()
    assert kind == 3
    assert wire.at_end()
    wire.close()
    return body[1], body[2], body[3]


def recorded(node: Node) -> list[str]:
    page = node.database.read(associations.listing, "default", state="rejected")
    return [item["reason"] for item in page.items]


def test_a_wrong_called_ae_title_is_rejected_and_recorded(node: Node) -> None:
    assert rejection(node, called=b"OTHER".ljust(16)) == (1, 1, 7)
    wait_until(lambda: recorded(node) == ["1/1/7 called AE title not recognized"])


def test_an_unknown_calling_ae_title_is_rejected_and_recorded(node: Node) -> None:
    assert rejection(node, calling=b"STRANGER".ljust(16)) == (1, 1, 3)
    wait_until(lambda: recorded(node) == ["1/1/3 calling AE title not recognized"])


@pytest.mark.parametrize("title", [b" " * 16, b"\0" * 16, b"MODA\x1bITY1".ljust(16), b"A\nB".ljust(16), b"\xff" * 16])
def test_a_calling_ae_title_that_is_none_is_rejected(node: Node, title: bytes) -> None:
    assert rejection(node, calling=title) == (1, 1, 3)


def test_a_title_with_control_characters_is_recorded_escaped(node: Node) -> None:
    rejection(node, calling=b"A\nB".ljust(16))
    page = wait_until(lambda: node.database.read(associations.listing, "default", state="rejected").items)
    assert page[0]["calling_ae_title"] == "A\\nB"


def test_spaces_around_a_title_do_not_count(node: Node) -> None:
    wire = Wire(node.connect())
    wire.request(ECHO, calling=b"  MODALITY1     ")
    assert wire.pdu()[0] == 2
    wire.close()


def test_an_unknown_application_context_is_rejected(node: Node) -> None:
    assert rejection(node, application_context="1.2.3") == (1, 1, 2)


def test_an_unknown_protocol_version_is_rejected(node: Node) -> None:
    assert rejection(node, protocol_version=2) == (1, 2, 2)


def test_too_many_associations_are_rejected_until_one_ends(make_node: Callable[..., Node]) -> None:
    node = make_node(max_associations=3, max_associations_per_peer=2)
    open_ones = [Wire(node.connect()) for _ in range(2)]
    for wire in open_ones:
        wire.associate(ECHO)
    assert rejection(node) == (2, 3, 2)
    open_ones[0].close()

    def accepted() -> bool:
        wire = Wire(node.connect())
        wire.request(ECHO)
        kind, _ = wire.pdu()
        wire.close()
        return kind == 2

    wait_until(accepted)
    open_ones[1].close()
