"""Storage commitment, asked for by pynetdicom's SCU."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.uid import generate_uid

from archive import commitments
from archive.bus import bus_directory
from archive.local_bus import LocalBus
from archive.origin import Origin, OriginKind
from routing import dimse
from routing.dimse import CommandField
from routing.notices import NoticeLoop
from tests.scp.requester import COMMITMENT, INSTANCE, Report, Requester, action, ask
from tests.scp.running import Node
from tests.scp.samples import CT_IMAGE_STORAGE, ct_image, write_file
from tests.scp.wire import IMPLICIT, Wire
from tests.waiting import free_port, wait_until

CT = CT_IMAGE_STORAGE
MR = "1.2.840.10008.5.1.4.1.1.4"


@pytest.fixture
def requester(node: Node) -> Iterator[Requester]:
    node.rules.allowed["MODALITY1"] = frozenset({"commit"})
    with Requester(node_port=node.port).listening() as listening:
        node.destinations.peers["MODALITY1"] = listening.as_peer()
        yield listening


@pytest.fixture
def loop(node: Node) -> Iterator[None]:
    """The worker's part."""
    stop, bus = threading.Event(), LocalBus(bus_directory(node.folder))
    noticing = NoticeLoop(node.database, node.blobs, bus, find=node.destinations.peers.get)
    thread = threading.Thread(target=noticing.run, args=(stop,))
    thread.start()
    yield
    stop.set()
    bus.publish("notices")
    thread.join(20)
    bus.close()
    assert not thread.is_alive()


def keep(node: Node) -> tuple[str, str]:
    """Store an object; gives what it is."""
    image = ct_image()
    node.archive.receive_file(write_file(image, node.folder / "one.dcm"), Origin(kind=OriginKind.IMPORT))
    return CT, str(image.SOPInstanceUID)


def file_of(node: Node, sop_instance_uid: str) -> Path:
    pattern = sop_instance_uid.encode()
    return next(path for path in node.blobs.root.rglob("*.dcm") if pattern in path.read_bytes())


def wait_for_report(requester: Requester, count: int = 1) -> Report:
    wait_until(lambda: len(requester.reports) >= count, what=f"{count} reports")
    return requester.reports[count - 1]


def status_of(node: Node) -> list[str]:
    return [item["status"] for item in node.database.read(commitments.listing, "default").items]


@pytest.mark.usefixtures("loop")
def test_what_is_kept_is_committed_over_a_new_association(node: Node, requester: Requester) -> None:
    items = [keep(node), keep(node)]
    asked = action(*items)
    assert requester.ask(asked) == 0
    report = wait_for_report(requester)
    assert (report.event_type, report.failed, report.over_own_association) == (1, {}, False)
    assert report.kept == {uid for _, uid in items}
    assert report.information.TransactionUID == asked.TransactionUID
    assert report.information.RetrieveAETitle == "ISOCENTER"
    wait_until(lambda: status_of(node) == ["reported"], what="the end of the request")
    assert len(requester.reports) == 1


@pytest.mark.usefixtures("loop")
def test_b45_what_is_unknown_of_another_class_damaged_or_gone_is_not_committed(
    node: Node, requester: Requester
) -> None:
    whole, other, damaged, gone = keep(node), keep(node), keep(node), keep(node)
    unknown = str(generate_uid())
    with file_of(node, damaged[1]).open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\xff")
    file_of(node, gone[1]).unlink()
    assert requester.ask(action(whole, (MR, other[1]), damaged, gone, (CT, unknown))) == 0
    report = wait_for_report(requester)
    assert report.event_type == 2
    assert report.kept == {whole[1]}
    assert report.failed == {other[1]: 0x0119, damaged[1]: 0x0110, gone[1]: 0x0110, unknown: 0x0112}


@pytest.mark.usefixtures("loop")
def test_an_ae_that_wants_it_is_told_on_the_same_association(node: Node, requester: Requester) -> None:
    node.rules.report_here = True
    with requester.associated() as association:
        assert ask(association, action(keep(node))) == 0
        report = wait_for_report(requester)
        assert (report.event_type, report.over_own_association) == (1, True)
        wait_until(lambda: status_of(node) == ["reported"], what="the end of the request")
        # The association goes on after it.
        assert ask(association, action((CT, str(generate_uid())))) == 0
        assert wait_for_report(requester, 2).over_own_association


def test_who_releases_before_the_report_gets_it_over_a_new_association(
    node: Node, requester: Requester, request: pytest.FixtureRequest
) -> None:
    node.rules.report_here = True
    assert requester.ask(action(keep(node))) == 0
    request.getfixturevalue("loop")
    assert not wait_for_report(requester).over_own_association


@pytest.mark.usefixtures("loop")
def test_b45_a_report_that_is_refused_is_sent_again(
    node: Node, requester: Requester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.outbox.back_off_seconds", lambda _: 0.1)
    requester.statuses = (0x0110, 0)
    assert requester.ask(action(keep(node))) == 0
    wait_for_report(requester, 2)
    wait_until(lambda: status_of(node) == ["reported"], what="the end of the request")


@pytest.mark.usefixtures("loop")
def test_a_report_waits_for_a_requester_that_is_away(
    node: Node, requester: Requester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.outbox.back_off_seconds", lambda _: 0.1)
    later = Requester(node_port=node.port, port=free_port())
    node.destinations.peers["MODALITY1"] = later.as_peer()
    assert requester.ask(action(keep(node))) == 0
    (item,) = wait_until(
        lambda: [one for one in node.database.read(commitments.listing, "default").items if one["attempt"] > 1],
        what="a second attempt",
    )
    assert (item["status"], item["objects"], item["not_committed"]) == ("examined", 1, 0)
    assert "no connection" in item["error"]
    with later.listening(later.port):
        wait_for_report(later)


@pytest.mark.usefixtures("loop")
def test_a_caller_that_is_not_configured_is_told_on_its_own_association_or_never(
    node: Node, requester: Requester
) -> None:
    node.rules.report_here, node.rules.names = True, {"MODALITY1": ""}
    with requester.associated() as association:
        assert ask(association, action(keep(node))) == 0
        assert wait_for_report(requester).over_own_association
        wait_until(lambda: status_of(node) == ["reported"], what="the end of the request")
    node.rules.report_here = False
    assert requester.ask(action(keep(node))) == 0
    wait_until(lambda: status_of(node) == ["failed", "reported"], what="the end of the second request")


def test_a_request_is_kept_before_it_is_answered(node: Node, requester: Requester) -> None:
    assert requester.ask(action((CT, "1.2.3"))) == 0
    (item,) = node.database.read(commitments.listing, "default").items
    assert (item["status"], item["ae_title"], item["destination"]) == ("requested", "MODALITY1", "MODALITY1")


@pytest.mark.usefixtures("loop")
def test_b45_the_same_request_again_is_reported_again(node: Node, requester: Requester) -> None:
    asked = action(keep(node))
    assert requester.ask(asked) == 0
    wait_until(lambda: status_of(node) == ["reported"], what="the end of the request")
    assert requester.ask(asked) == 0
    assert wait_for_report(requester, 2).event_type == 1
    assert len(status_of(node)) == 1


def test_b45_a_transaction_uid_cannot_stand_for_other_objects(node: Node, requester: Requester) -> None:
    asked = action((CT, "1.2.3"))
    assert requester.ask(asked) == 0
    assert requester.ask(action((CT, "1.2.4"), transaction_uid=asked.TransactionUID)) == 0x0115
    assert len(status_of(node)) == 1


def test_another_kind_of_action_is_refused(requester: Requester) -> None:
    assert requester.ask(action((CT, "1.2.3")), kind=2) == 0x0123


def test_another_instance_than_the_well_known_one_is_refused(requester: Requester) -> None:
    assert requester.ask(action((CT, "1.2.3")), instance="1.2.3.4") == 0x0112


def without(keyword: str) -> Dataset:
    information = action((CT, "1.2.3"))
    delattr(information, keyword)
    return information


@pytest.mark.parametrize(
    "information",
    [None, action(), without("TransactionUID"), without("ReferencedSOPSequence"), action((CT, ""))],
    ids=["no data set", "no objects", "no Transaction UID", "no sequence", "blank UID"],
)
def test_what_does_not_say_which_objects_is_refused(
    node: Node, requester: Requester, information: Dataset | None
) -> None:
    assert requester.ask(information) == 0x0115
    assert status_of(node) == []


@pytest.mark.usefixtures("requester")
def test_sequences_nested_without_end_are_refused(node: Node) -> None:
    """As long as requests for storage commitment may be, and deeper than pydicom goes."""
    nested = bytes.fromhex("08009911 ffffffff feff00e0 ffffffff") * 20_000
    asked = dimse.request(CommandField.N_ACTION, 1, data_set=True)
    wire = Wire(node.connect())
    wire.associate({1: (COMMITMENT, (IMPLICIT,))})
    wire.command(1, {**asked, 0x0003: COMMITMENT, 0x1001: INSTANCE, 0x1008: 1})
    wire.data(1, nested)
    assert wire.status() == 0x0115
    wire.close()
    assert status_of(node) == []


def test_who_may_not_is_refused(node: Node, requester: Requester) -> None:
    node.rules.allowed["MODALITY1"] = frozenset({"echo", "store"})
    assert requester.ask(action((CT, "1.2.3"))) == 0x0124
    assert status_of(node) == []
