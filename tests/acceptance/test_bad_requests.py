"""Retrievals that must not or cannot be carried out: rows B33 and B44 of the list."""

from collections.abc import Iterator

import pytest
from pydicom import Dataset
from pynetdicom import AE
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at run time
    StudyRootQueryRetrieveInformationModelMove as MOVE,  # noqa: N814 - a constant
)

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.objects import ct_slice, encoded
from tests.acceptance.peers.raw import RawScu
from tests.acceptance.peers.witness import Witness
from tests.waiting import free_port

pytestmark = pytest.mark.acceptance

NOT_AUTHORIZED, DESTINATION_UNKNOWN, NOT_PERFORMED = 0x0124, 0xA801, 0xA702


@pytest.fixture(scope="module")
def module_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node that knows a modality that may only send, a workstation, and an archive that is not there."""
    modality = {**MODALITY, "allowed": ["echo", "store"]}
    workstation = {**MODALITY, "name": "WORKSTATION", "ae_title": "WORKSTATION"}
    gone = {**MODALITY, "name": "GONE", "ae_title": "GONE", "port": free_port()}
    node = Node(
        tmp_path_factory.mktemp("node"), aes=[modality, workstation, gone], analysis={"quiet_seconds": 3600}
    ).start()
    yield node
    assert node.stop() == 0


@pytest.fixture(scope="module")
def stored(module_node: Node) -> Dataset:
    """An object that could be sent."""
    ds = ct_slice()
    with RawScu(module_node.dicom_port) as scu:
        assert scu.store(encoded(ds), sop_instance=ds.SOPInstanceUID.encode()) == 0
    return ds


@pytest.fixture
def witness(module_node: Node, stored: Dataset) -> Iterator[Witness]:
    assert stored
    with Witness(module_node) as seen:
        yield seen


def move(node: Node, study_instance_uid: str, destination: str, *, calling: str) -> tuple[int, Dataset | None]:
    """C-MOVE a study; the final status and identifier."""
    ae = AE(ae_title=calling)
    ae.add_requested_context(MOVE)
    association = ae.associate("127.0.0.1", node.dicom_port, ae_title="ISOCENTER")
    assert association.is_established
    identifier = Dataset()
    identifier.QueryRetrieveLevel, identifier.StudyInstanceUID = "STUDY", study_instance_uid
    *_, (status, answer) = association.send_c_move(identifier, destination, MOVE)
    association.release()
    return int(status.Status), answer


def test_b33_a_modality_that_may_only_send_may_not_retrieve(
    witness: Witness, module_node: Node, stored: Dataset
) -> None:
    witness.expect("association_closed")
    assert move(module_node, stored.StudyInstanceUID, "GONE", calling="MODALITY1")[0] == NOT_AUTHORIZED


def test_b44_a_destination_that_nobody_configured_is_named_as_such(
    witness: Witness, module_node: Node, stored: Dataset
) -> None:
    witness.expect("association_closed")
    assert move(module_node, stored.StudyInstanceUID, "NOBODY", calling="WORKSTATION")[0] == DESTINATION_UNKNOWN


def test_b44_a_destination_that_is_away_fails_with_the_list_of_what_was_not_sent(
    witness: Witness, module_node: Node, stored: Dataset
) -> None:
    witness.expect("move_failed", "no connection")
    status, answer = move(module_node, stored.StudyInstanceUID, "GONE", calling="WORKSTATION")
    assert status == NOT_PERFORMED
    assert answer
    assert answer.FailedSOPInstanceUIDList == stored.SOPInstanceUID
