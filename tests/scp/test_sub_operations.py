"""Final statuses, counts and lists of C-MOVE and C-GET, for whatever is answered to each object (PS3.4 Section C.4)."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from socket import socketpair
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, AllStoragePresentationContexts, build_role, evt

from archive.errors import DatabaseUnavailable
from routing import dimse
from routing.association import Association, Message, Timing
from routing.dimse import CommandField, Element
from routing.negotiation import Context
from routing.stream import SocketStream
from scp.admission import Caller
from scp.retrieval import SubOperations
from scp.session import Session
from tests.accepted import served
from tests.scp.retrieving import (
    MESSAGE_ID,
    STUDY_ROOT_GET,
    STUDY_ROOT_MOVE,
    answers_of,
    counts,
    failed_list,
    final,
    get,
    identifier,
    keep,
    move,
    peer,
    series_of,
)
from tests.scp.running import Node
from tests.scp.samples import CT_IMAGE_STORAGE, ct_image
from tests.scp.wire import EXPLICIT, IMPLICIT, Wire

# Statuses of three objects, and what becomes of the whole: status, completed, failed, warning.
OUTCOMES = [
    ((0x0000, 0x0000, 0x0000), (0x0000, 3, 0, 0)),
    ((0x0000, 0xB000, 0x0000), (0xB000, 2, 0, 1)),
    ((0xB006, 0xB007, 0xB000), (0xB000, 0, 0, 3)),
    ((0x0107, 0x0116, 0x0001), (0xB000, 0, 0, 3)),
    ((0xA700, 0x0000, 0x0000), (0xB000, 2, 1, 0)),
    ((0xA900, 0xB007, 0xC000), (0xB000, 0, 2, 1)),
    ((0x0122, 0x0124, 0x0000), (0xB000, 1, 2, 0)),
    ((0xA700, 0xA900, 0xC123), (0xA702, 0, 3, 0)),
    ((0x0110, 0x0111, 0x0117), (0xA702, 0, 3, 0)),
]
_FAILURES = {0xA700, 0xA900, 0xC000, 0xC123, 0x0110, 0x0111, 0x0117, 0x0122, 0x0124}


@pytest.fixture
def study(node: Node) -> list[Dataset]:
    images = series_of(3)
    keep(node, *images)
    return images


class Judge:
    """A Storage SCP that answers as it is told, by Instance Number."""

    def __init__(self, statuses: Sequence[int]) -> None:
        self.statuses = statuses
        self.requests: list[Any] = []

    def store(self, event: evt.Event) -> int:
        self.requests.append(event.request)
        return self.statuses[int(event.dataset.InstanceNumber) - 1]

    @contextmanager
    def listening(self, node: Node) -> Iterator[None]:
        """Listen as PACS1, the destination of a C-MOVE."""
        ae = AE(ae_title="PACS1")
        ae.add_supported_context(CT_IMAGE_STORAGE)
        with served(ae, [(evt.EVT_C_STORE, self.store)]) as port:
            node.destinations.peers["PACS1"] = peer("PACS1", port)
            yield


def _failed(study: list[Dataset], statuses: Sequence[int]) -> set[str]:
    return {str(one.SOPInstanceUID) for one, status in zip(study, statuses, strict=True) if status in _FAILURES}


def _counts_in(answer: Dataset) -> tuple[int, ...]:
    keywords = ("Status", *(f"NumberOf{kind}Suboperations" for kind in ("Completed", "Failed", "Warning")))
    return tuple(answer[keyword].value for keyword in keywords)


@pytest.mark.parametrize(("statuses", "expected"), OUTCOMES)
def test_what_the_destination_answers_is_what_a_move_counts(
    node: Node, study: list[Dataset], statuses: Sequence[int], expected: tuple[int, ...]
) -> None:
    judge = Judge(statuses)
    with judge.listening(node):
        *pending, (command, data_set) = answers_of(move(node, identifier(study=study[0].StudyInstanceUID)))
    assert counts(command) == expected
    assert Element.REMAINING not in command
    assert failed_list(data_set) == _failed(study, statuses) if expected[0] else data_set == b""
    for answer, identifier_of_pending in pending:
        assert sum(counts(answer)[1:]) + dimse.number(answer, Element.REMAINING) == 3
        assert identifier_of_pending == b""
    for request in judge.requests:
        assert (request.MoveOriginatorApplicationEntityTitle, request.MoveOriginatorMessageID) == ("MODALITY1", 5)
        assert request.Priority == 1


@pytest.mark.parametrize(("statuses", "expected"), OUTCOMES)
def test_what_the_requestor_answers_is_what_a_get_counts(
    node: Node, study: list[Dataset], statuses: Sequence[int], expected: tuple[int, ...]
) -> None:
    wire = get(node, identifier(study=study[0].StudyInstanceUID))
    remaining: list[int] = []
    for status in statuses:
        request, data_set = wire.answer()
        assert dimse.number(request, Element.COMMAND_FIELD) == CommandField.C_STORE
        assert dimse.number(request, Element.PRIORITY) == 2
        assert Element.MOVE_ORIGINATOR_AE_TITLE not in request
        assert data_set
        wire.command(3, dimse.response(request, status))
        if len(remaining) < 2:
            pending, _ = wire.answer()
            remaining.append(dimse.number(pending, Element.REMAINING))
    command, data_set = final(wire)
    assert remaining == [2, 1]
    assert counts(command) == expected
    assert Element.REMAINING not in command
    assert failed_list(data_set) == _failed(study, statuses) if expected[0] else data_set == b""


@pytest.mark.parametrize(("statuses", "expected"), OUTCOMES[:6])
def test_pynetdicom_moves_and_understands_the_answer(
    node: Node, study: list[Dataset], statuses: Sequence[int], expected: tuple[int, ...]
) -> None:
    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = "STUDY", study[0].StudyInstanceUID
    ae = AE(ae_title="MODALITY1")
    ae.add_requested_context(STUDY_ROOT_MOVE)
    with Judge(statuses).listening(node):
        association = ae.associate("127.0.0.1", node.port, ae_title="ISOCENTER")
        *_, (answer, failed) = association.send_c_move(query, "PACS1", STUDY_ROOT_MOVE)
        association.release()
    found = (
        answer.NumberOfCompletedSuboperations,
        answer.NumberOfFailedSuboperations,
        answer.NumberOfWarningSuboperations,
    )
    assert (answer.Status, *found) == expected
    assert (failed is None) == (expected[0] == 0)
    if failed is not None:
        listed = failed.FailedSOPInstanceUIDList or []
        assert {str(uid) for uid in ([listed] if isinstance(listed, str) else listed)} == _failed(study, statuses)


@pytest.mark.parametrize(("statuses", "expected"), OUTCOMES[:6])
def test_pynetdicom_gets_and_understands_the_answer(
    node: Node, study: list[Dataset], statuses: Sequence[int], expected: tuple[int, ...]
) -> None:
    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = "STUDY", study[0].StudyInstanceUID
    ae = AE(ae_title="MODALITY1")
    ae.add_requested_context(STUDY_ROOT_GET)
    ae.add_requested_context(CT_IMAGE_STORAGE)
    association = ae.associate(
        "127.0.0.1",
        node.port,
        ae_title="ISOCENTER",
        ext_neg=[build_role(CT_IMAGE_STORAGE, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, Judge(statuses).store)],
    )
    *_, (answer, _) = association.send_c_get(query, STUDY_ROOT_GET)
    association.release()
    found = (
        answer.NumberOfCompletedSuboperations,
        answer.NumberOfFailedSuboperations,
        answer.NumberOfWarningSuboperations,
    )
    assert (answer.Status, *found) == expected


@pytest.mark.parametrize(("syntax", "header"), [(EXPLICIT, b"\x08\x00\x58\x00UN\0\0"), (IMPLICIT, b"\x08\x00\x58\x00")])
def test_a_list_of_failures_longer_than_a_short_value_is_whole(syntax: str, header: bytes) -> None:
    uids = [f"{generate_uid()[:50]}.{number}" for number in range(2000)]
    context = Context(context_id=1, abstract_syntax=STUDY_ROOT_MOVE, transfer_syntax=syntax)
    command = {**dimse.request(CommandField.C_MOVE, MESSAGE_ID, data_set=True), 0x0002: STUDY_ROOT_MOVE}
    ours, theirs = socketpair()
    with ours, theirs:
        association = Association(
            SocketStream(ours), contexts={1: context}, own_max_pdu=16384, peer_max_pdu=0, timing=Timing()
        )
        caller = Caller(
            calling_ae_title="A", called_ae_title="B", address="", tenant="default", allowed=frozenset({"move"})
        )
        session = Session(association=association, caller=caller, association_id=1)
        done = SubOperations(remaining=0, failed=uids)
        done.finish(session, Message(context=context, command=command), done.status)
        answer, data_set = Wire(theirs).answer()
    assert counts(answer) == (0xA702, 0, 2000, 0)
    value = "\\".join(uids).encode()
    value += b"\0" * (len(value) % 2)
    assert data_set == header + len(value).to_bytes(4, "little") + value


def test_the_list_of_failures_is_in_the_transfer_syntax_of_the_request(node: Node, study: list[Dataset]) -> None:
    wire = Wire(node.connect())
    wire.associate({1: (STUDY_ROOT_MOVE, (IMPLICIT,))})
    command = dimse.request(CommandField.C_MOVE, MESSAGE_ID, data_set=True)
    uid = study[0].StudyInstanceUID.encode()
    uid += b"\0" * (len(uid) % 2)
    keys = b"\x08\x00\x52\x00\x06\x00\x00\x00STUDY \x20\x00\x0d\x00" + len(uid).to_bytes(4, "little") + uid
    with Judge([0, 0xA700, 0]).listening(node):
        wire.command(1, {**command, 0x0002: STUDY_ROOT_MOVE, 0x0600: "PACS1"})
        wire.data(1, keys)
        answer, data_set = final(wire)
    assert counts(answer) == (0xB000, 2, 1, 0)
    failed = study[1].SOPInstanceUID.encode()
    failed += b"\0" * (len(failed) % 2)
    assert data_set == b"\x08\x00\x58\x00" + len(failed).to_bytes(4, "little") + failed


def test_an_index_that_does_not_answer_is_a701(
    node: Node, study: list[Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: object, **__: object) -> None:
        raise DatabaseUnavailable

    wire = Wire(node.connect())
    wire.associate({1: (STUDY_ROOT_MOVE, (IMPLICIT,))})
    monkeypatch.setattr("scp.retrieval.retrieve.instances", unavailable)
    command, data_set = final(move(node, identifier(study=study[0].StudyInstanceUID)))
    assert counts(command)[0] == 0xA701
    assert data_set == b""
    wire.close()


def test_an_identifier_that_is_no_data_set_is_c000(node: Node) -> None:
    assert counts(final(move(node, b"\xff" * 30))[0])[0] == 0xC000


def test_a_peer_that_forgets_the_role_may_be_given_objects_all_the_same(node: Node, study: list[Dataset]) -> None:
    node.rules.get_without_roles = True
    wire = get(node, identifier(study=study[0].StudyInstanceUID), as_scp=False)
    for left in (2, 1, 0):
        request, _ = wire.answer()
        wire.command(3, dimse.response(request, 0))
        if left:
            assert dimse.number(wire.answer()[0], Element.REMAINING) == left
    assert counts(final(wire)[0]) == (0, 3, 0, 0)


def test_two_moves_at_once_do_not_mix(node: Node, study: list[Dataset]) -> None:
    others = series_of(3)
    keep(node, *others)
    results: dict[str, tuple[int, ...]] = {}

    def ask(uid: str) -> None:
        results[uid] = counts(final(move(node, identifier(study=uid)))[0])

    judge = Judge([0, 0xB000, 0])
    with judge.listening(node):
        threads = [
            threading.Thread(target=ask, args=(images[0].StudyInstanceUID,)) for images in (study, others) for _ in "ab"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert set(results.values()) == {(0xB000, 2, 0, 1)}
    assert len(judge.requests) == 12


def test_more_than_128_pairs_go_over_several_associations(node: Node) -> None:
    """150 storage classes in two transfer syntaxes each: 300 pairs."""
    study_uid = generate_uid()
    classes = [str(context.abstract_syntax) for context in AllStoragePresentationContexts[:150]]
    assert len(set(classes)) == 150
    keep(node, *(ct_image(SOPClassUID=one, StudyInstanceUID=study_uid) for one in classes))
    received: list[tuple[str, int]] = []

    def store(event: evt.Event) -> int:
        request: Any = event.request
        received.append((str(request.AffectedSOPClassUID), id(event.assoc)))
        return 0

    ae = AE(ae_title="PACS1")
    for one in classes:
        ae.add_supported_context(one)
    with served(ae, [(evt.EVT_C_STORE, store)]) as port:
        node.destinations.peers["PACS1"] = peer("PACS1", port)
        command, _ = final(move(node, identifier(study=study_uid)))
    assert counts(command) == (0, 150, 0, 0)
    assert sorted(sop_class for sop_class, _ in received) == sorted(classes)
    assert len({association for _, association in received}) == 3
