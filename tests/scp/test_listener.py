"""The life of the listener and of its associations: records, draining, many at once."""

import threading
from time import monotonic

from archive import associations
from tests.scp.running import Node
from tests.scp.samples import CT_IMAGE_STORAGE, ct_image, encode
from tests.scp.wire import EXPLICIT, IMPLICIT, VERIFICATION, Wire, echo_rq, store_rq
from tests.waiting import wait_until

CONTEXTS = {1: (VERIFICATION, (IMPLICIT,)), 3: (CT_IMAGE_STORAGE, (EXPLICIT,))}
RELEASE = b"\x05\0\0\0\0\x04\0\0\0\0"


def states(node: Node) -> list[str]:
    return [item["state"] for item in node.database.read(associations.listing, "default").items]


def test_an_association_is_on_record_from_its_beginning_to_its_end(node: Node) -> None:
    wire = Wire(node.connect())
    wire.associate(CONTEXTS)
    assert states(node) == ["open"]
    wire.send(RELEASE)
    assert wire.pdu()[0] == 6
    assert wire.at_end()
    wire.close()
    wait_until(lambda: states(node) == ["closed"])


def test_an_association_that_is_cut_off_is_recorded_as_aborted(node: Node) -> None:
    wire = Wire(node.connect())
    wire.associate(CONTEXTS)
    wire.close()
    wait_until(lambda: states(node) == ["aborted"])


def test_many_requests_run_over_one_association(node: Node) -> None:
    wire = Wire(node.connect())
    wire.associate(CONTEXTS)
    begun = monotonic()
    for number in range(200):
        wire.command(1, echo_rq(number + 1))
        assert wire.status() == 0
    assert (monotonic() - begun) / 200 < 0.01
    wire.close()


def test_a_stuck_peer_does_not_hold_up_others(node: Node) -> None:
    stuck = [node.connect() for _ in range(50)]
    begun = monotonic()
    wire = Wire(node.connect())
    wire.associate(CONTEXTS)
    wire.command(1, echo_rq())
    assert wire.status() == 0
    assert monotonic() - begun < 1
    wire.close()
    for connection in stuck:
        connection.close()


def test_stopping_aborts_idle_associations_at_once(node: Node) -> None:
    wire = Wire(node.connect())
    wire.associate(CONTEXTS)
    node.listener.stop()
    assert node.listener.drain(5)
    assert wire.pdu()[0] == 7
    wire.close()


def test_stopping_lets_an_object_under_way_arrive(node: Node) -> None:
    dataset = ct_image()
    encoded = encode(dataset)
    wire = Wire(node.connect())
    wire.associate(CONTEXTS)
    wire.command(3, store_rq(CT_IMAGE_STORAGE, dataset.SOPInstanceUID))
    wait_until(node.files, what="the spool file")
    node.listener.stop()
    drained: list[bool] = []
    draining = threading.Thread(target=lambda: drained.append(node.listener.drain(10)))
    draining.start()
    wire.data(3, encoded)
    assert wire.status() == 0
    assert wire.pdu()[0] == 7
    draining.join(10)
    assert drained == [True]
    wire.close()


def test_stopping_ends_what_does_not_come_to_an_end(node: Node) -> None:
    wire = Wire(node.connect())
    wire.associate(CONTEXTS)
    wire.command(3, store_rq(CT_IMAGE_STORAGE, "1.2.3"))
    wait_until(node.files, what="the spool file")
    node.listener.stop()
    assert node.listener.drain(0.2)
    assert node.files() == []
    wire.close()
