"""C-MOVE and C-GET from a real archive: DCMTK asks and receives, raw sockets misbehave."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from routing import dimse
from routing.dimse import Element
from tests.scp.retrieving import (
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
from tests.waiting import answers, free_port, wait_until


@pytest.fixture
def study(node: Node) -> list[Dataset]:
    """Three images of one series in the archive."""
    images = series_of(3)
    keep(node, *images)
    return images


@pytest.fixture
def receiver(node: Node, tmp_path: Path) -> Iterator[Path]:
    """DCMTK's storescp, known to the node as PACS1; gives the folder it writes to."""
    folder, port = tmp_path / "received", free_port()
    folder.mkdir()
    with subprocess.Popen(["storescp", "-aet", "PACS1", "+xa", "-od", folder, str(port)]) as process:
        wait_until(lambda: answers(port), what="storescp listening")
        node.destinations.peers["PACS1"] = peer("PACS1", port)
        yield folder
        process.terminate()


def test_a_study_moves_to_a_configured_ae(node: Node, study: list[Dataset], receiver: Path) -> None:
    *pending, (command, _) = answers_of(move(node, identifier(study=study[0].StudyInstanceUID)))
    assert counts(pending[0][0]) == (0xFF00, 0, 0, 0)
    remaining = [dimse.number(one, Element.REMAINING) for one, _ in pending]
    assert remaining[0] == 3
    assert remaining == sorted(remaining, reverse=True)
    assert all(sum(counts(one)[1:]) + left == 3 for (one, _), left in zip(pending, remaining, strict=True))
    assert counts(command) == (0, 3, 0, 0)
    assert Element.REMAINING not in command
    received = [dcmread(path) for path in receiver.iterdir()]
    assert {one.SOPInstanceUID for one in received} == {one.SOPInstanceUID for one in study}
    assert {str(one.PatientName) for one in received} == {"Müller^Änne"}


def test_movescu_moves_one_image(node: Node, study: list[Dataset], receiver: Path) -> None:
    keys = [
        f"StudyInstanceUID={study[0].StudyInstanceUID}",
        f"SeriesInstanceUID={study[0].SeriesInstanceUID}",
        f"SOPInstanceUID={study[1].SOPInstanceUID}",
    ]
    command = ["movescu", "-S", "-aet", "MODALITY1", "-aec", "ISOCENTER", "-aem", "PACS1", "127.0.0.1", str(node.port)]
    for key in ("QueryRetrieveLevel=IMAGE", *keys):
        command += ["-k", key]
    subprocess.run(command, check=True)
    (received,) = receiver.iterdir()
    assert dcmread(received).SOPInstanceUID == study[1].SOPInstanceUID


def test_an_unknown_destination_is_a801(node: Node, study: list[Dataset]) -> None:
    command, _ = final(move(node, identifier(study=study[0].StudyInstanceUID), "NOBODY"))
    assert counts(command)[0] == 0xA801


def test_an_unreachable_destination_fails_all_and_lists_them(node: Node, study: list[Dataset]) -> None:
    node.destinations.peers["PACS1"] = peer("PACS1", free_port())
    command, data_set = final(move(node, identifier(study=study[0].StudyInstanceUID)))
    assert counts(command) == (0xA702, 0, 3, 0)
    assert failed_list(data_set) == {str(one.SOPInstanceUID) for one in study}


def test_what_cannot_be_sent_is_listed_and_the_rest_goes(node: Node, study: list[Dataset], receiver: Path) -> None:
    lost = study[1].SOPInstanceUID
    for path in node.files():
        if lost.encode() in path.read_bytes():
            path.unlink()
    command, data_set = final(move(node, identifier(study=study[0].StudyInstanceUID)))
    assert counts(command) == (0xB000, 2, 1, 0)
    assert failed_list(data_set) == {lost}
    assert len(list(receiver.iterdir())) == 2


def test_a_move_of_nothing_is_success(node: Node, receiver: Path) -> None:
    assert counts(final(move(node, identifier(study=generate_uid())))[0]) == (0, 0, 0, 0)
    assert not list(receiver.iterdir())


@pytest.mark.parametrize("data_set", [identifier(), identifier("IMAGE", study="1.2"), identifier("X")])
def test_a_move_without_its_unique_key_is_a900(node: Node, receiver: Path, data_set: bytes) -> None:
    assert counts(final(move(node, data_set))[0])[0] == 0xA900
    assert not list(receiver.iterdir())


@pytest.mark.parametrize("preferred", ["--prefer-uncompr", "--prefer-big", "--prefer-j2k-lossless", "--implicit"])
def test_getscu_gets_a_study_over_its_own_association(
    node: Node, study: list[Dataset], tmp_path: Path, preferred: str
) -> None:
    folder = tmp_path / "got"
    folder.mkdir()
    command = [
        "getscu",
        preferred,
        "-S",
        "-aet",
        "MODALITY1",
        "-aec",
        "ISOCENTER",
        "-od",
        str(folder),
        "127.0.0.1",
        str(node.port),
    ]
    keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study[0].StudyInstanceUID}"]
    subprocess.run([*command, *keys], check=True)
    got = {dcmread(path).SOPInstanceUID for path in folder.iterdir()}
    assert got == {one.SOPInstanceUID for one in study}


def test_a_get_without_the_role_of_an_scp_lists_all_as_failed(node: Node, study: list[Dataset]) -> None:
    answer, data_set = final(get(node, identifier(study=study[0].StudyInstanceUID), as_scp=False))
    assert counts(answer) == (0xA702, 0, 3, 0)
    assert failed_list(data_set) == {str(one.SOPInstanceUID) for one in study}


def test_a_caller_without_the_right_may_not_move(node: Node, study: list[Dataset]) -> None:
    node.rules.allowed["MODALITY1"] = frozenset({"echo", "store"})
    assert counts(final(move(node, identifier(study=study[0].StudyInstanceUID)))[0])[0] == 0x0124
