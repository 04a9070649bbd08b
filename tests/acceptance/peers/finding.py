"""What a node shows: every SOP Instance UID that C-FIND and QIDO-RS answer with."""

import re
import struct
from collections.abc import Iterator

import httpx
from pydicom import Dataset

from tests.acceptance.peers.node import Node
from tests.acceptance.peers.objects import encoded
from tests.acceptance.peers.raw import P_DATA_TF, Context, RawScu, command_set, status_of
from tests.acceptance.peers.series import Series

_STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
_IMPLICIT = "1.2.840.10008.1.2"
_C_FIND_RQ = 0x0020
_PENDING = 0xFF00
_SOP_INSTANCE = re.compile(rb"\x08\x00\x18\x00..\x00\x00([0-9.]+)", re.DOTALL)


def c_find(port: int, series: Series) -> list[str]:
    """Ask for all instances of a series over C-FIND (PS3.4 Annex C, Study Root)."""
    identifier = Dataset()
    identifier.SOPInstanceUID = ""
    identifier.QueryRetrieveLevel = "IMAGE"
    identifier.StudyInstanceUID = series.study_instance_uid
    identifier.SeriesInstanceUID = series.series_instance_uid
    context = Context(abstract_syntax=_STUDY_ROOT_FIND, transfer_syntaxes=(_IMPLICIT,))
    with RawScu(port, contexts={1: context}) as scu:
        scu.send_fragments(1, 1, command_set(_C_FIND_RQ, sop_class=_STUDY_ROOT_FIND.encode()))
        scu.send_fragments(1, 0, encoded(identifier, implicit=True))
        return list(_answers(scu))


def _answers(scu: RawScu) -> Iterator[str]:
    message = b""
    for control, fragment in _fragments(scu):
        message += fragment
        if not control & 2:
            continue
        if not control & 1:
            found = _SOP_INSTANCE.search(message)
            assert found, "an answer without SOP Instance UID"
            yield found[1].decode()
        elif (status := status_of(message)) != _PENDING:
            assert status == 0, f"C-FIND ended with {status:04X}"
            return
        message = b""


def _fragments(scu: RawScu) -> Iterator[tuple[int, bytes]]:
    """Yield message control header and content of each presentation data value (PS3.8 Annex E.2)."""
    while True:
        kind, body = scu.receive()
        assert kind == P_DATA_TF, f"the node answered with PDU type {kind}"
        at = 0
        while at < len(body):
            length, _, control = struct.unpack_from(">IBB", body, at)
            yield control, body[at + 6 : at + 4 + length]
            at += 4 + length


def qido(node: Node, series: Series) -> list[str]:
    """Ask for all instances of a series over QIDO-RS (PS3.18 Section 10.6)."""
    with node.client() as client:
        response = client.get("/dicom-web/instances", params={"SeriesInstanceUID": series.series_instance_uid})
    if response.status_code == httpx.codes.NO_CONTENT:
        return []
    assert response.status_code == httpx.codes.OK, response.text[:500]
    return [item["00080018"]["Value"][0] for item in response.json()]


def qido_count(node: Node, study_instance_uid: str) -> int:
    """Ask QIDO-RS how many instances a study has (PS3.18 Table 10.6.3-3, Number of Study Related Instances)."""
    [study] = node.get("/dicom-web/studies", StudyInstanceUID=study_instance_uid)
    return int(study["00201208"]["Value"][0])
