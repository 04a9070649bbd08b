"""Which objects a C-MOVE or C-GET means: levels, lists of UIDs, models, with and without the keys above.

Nothing can be sent in these tests, so that the list of failures says what was chosen (PS3.4 Section C.4.2.2).
"""

from collections.abc import Callable

import pytest
from pydicom import Dataset

from routing.negotiation import UserInformation
from scp import elements
from tests.scp.retrieving import (
    PATIENT_ROOT_GET,
    PATIENT_ROOT_MOVE,
    PATIENT_STUDY_ONLY_GET,
    PATIENT_STUDY_ONLY_MOVE,
    STUDY_ROOT_GET,
    STUDY_ROOT_MOVE,
    counts,
    failed_list,
    final,
    get,
    identifier,
    keep,
    move,
    peer,
)
from tests.scp.running import Node
from tests.scp.samples import CT_IMAGE_STORAGE, ct_image
from tests.scp.wire import EXPLICIT, Wire
from tests.waiting import free_port

S1, S2, S3 = "1.2.826.1", "1.2.826.2", "1.2.826.3"
A, B, C, D = f"{S1}.1", f"{S1}.2", f"{S2}.1", f"{S3}.1"
A1, A2, B1, C1, D1 = f"{A}.1", f"{A}.2", f"{B}.1", f"{C}.1", f"{D}.1"
PATIENT, STUDY, PATIENT_STUDY = "patient", "study", "patient/study"
MODELS = {
    PATIENT: (PATIENT_ROOT_MOVE, PATIENT_ROOT_GET),
    STUDY: (STUDY_ROOT_MOVE, STUDY_ROOT_GET),
    PATIENT_STUDY: (PATIENT_STUDY_ONLY_MOVE, PATIENT_STUDY_ONLY_GET),
}
CHOSEN: list[tuple[str, str, dict[str, str], set[str]]] = [
    (PATIENT, "PATIENT", {"patient": "P1"}, {A1, A2, B1, C1}),
    (PATIENT, "PATIENT", {"patient": " P2 "}, {D1}),
    (PATIENT, "STUDY", {"patient": "P1", "study": S1}, {A1, A2, B1}),
    (PATIENT, "STUDY", {"patient": "P1", "study": rf"{S1}\{S2}"}, {A1, A2, B1, C1}),
    (PATIENT, "STUDY", {"patient": "P1", "study": rf"{S1}\{S3}"}, {A1, A2, B1}),
    (PATIENT, "SERIES", {"patient": "P1", "study": S1, "series": rf"{A}\{B}"}, {A1, A2, B1}),
    (PATIENT, "IMAGE", {"patient": "P1", "study": S1, "series": A, "sop": A2}, {A2}),
    (PATIENT, "IMAGE", {"patient": "P1", "study": S1, "series": A, "sop": rf"{A1}\{A2}"}, {A1, A2}),
    (STUDY, "STUDY", {"study": S2}, {C1}),
    (STUDY, "STUDY", {"study": rf"{S1}\{S3}\1.2.3"}, {A1, A2, B1, D1}),
    (STUDY, "SERIES", {"study": S1, "series": B}, {B1}),
    (STUDY, "IMAGE", {"study": S1, "series": A, "sop": A1}, {A1}),
    (PATIENT_STUDY, "PATIENT", {"patient": "P1"}, {A1, A2, B1, C1}),
    (PATIENT_STUDY, "STUDY", {"patient": "P2", "study": S3}, {D1}),
    # Without the keys above: relational retrieval.
    (PATIENT, "STUDY", {"study": S3}, {D1}),
    (PATIENT, "SERIES", {"patient": "P1", "series": rf"{A}\{C}\{D}"}, {A1, A2, C1}),
    (PATIENT, "IMAGE", {"sop": rf"{B1}\{D1}"}, {B1, D1}),
    (STUDY, "SERIES", {"series": rf"{A}\{D}"}, {A1, A2, D1}),
    (STUDY, "IMAGE", {"sop": rf"{A1}\{C1}\{D1}"}, {A1, C1, D1}),
    (STUDY, "IMAGE", {"study": rf"{S1}\{S2}", "sop": rf"{A1}\{C1}\{D1}"}, {A1, C1}),
    # Keys above that belong to others choose nothing.
    (PATIENT, "STUDY", {"patient": "P2", "study": S1}, set()),
    (STUDY, "SERIES", {"study": S2, "series": A}, set()),
    (STUDY, "IMAGE", {"study": S1, "series": B, "sop": A1}, set()),
]
REFUSED: list[tuple[str, str, dict[str, str]]] = [
    (STUDY, "PATIENT", {"patient": "P1"}),
    (PATIENT_STUDY, "SERIES", {"patient": "P1", "study": S1, "series": A}),
    (PATIENT_STUDY, "IMAGE", {"sop": A1}),
    (PATIENT, "PATIENT", {"patient": "P*"}),
    (PATIENT, "PATIENT", {"patient": r"P1\P2"}),
    (PATIENT, "PATIENT", {"patient": ""}),
    (PATIENT, "PATIENT", {}),
    (STUDY, "STUDY", {"study": "*"}),
    (STUDY, "SERIES", {"study": S1}),
    (STUDY, "IMAGE", {"study": S1, "series": A}),
    (STUDY, "", {"study": S1}),
]


@pytest.fixture
def filled(node: Node) -> Node:
    def image(patient: str, study: str, series: str, sop: str) -> Dataset:
        return ct_image(PatientID=patient, StudyInstanceUID=study, SeriesInstanceUID=series, SOPInstanceUID=sop)

    keep(
        node,
        image("P1", S1, A, A1),
        image("P1", S1, A, A2),
        image("P1", S1, B, B1),
        image("P1", S2, C, C1),
        image("P2", S3, D, D1),
    )
    node.destinations.peers["PACS1"] = peer("PACS1", free_port())
    return node


def _by_move(node: Node, data_set: bytes, model: str) -> Wire:
    return move(node, data_set, model=MODELS[model][0])


def _by_get(node: Node, data_set: bytes, model: str) -> Wire:
    return get(node, data_set, model=MODELS[model][1], as_scp=False)


Ask = Callable[[Node, bytes, str], Wire]
both_services = pytest.mark.parametrize("ask", [_by_move, _by_get], ids=["move", "get"])


@both_services
def test_all_levels_and_models(filled: Node, ask: Ask) -> None:
    for model, level, keys, expected in CHOSEN:
        command, data_set = final(ask(filled, identifier(level, **keys), model))
        assert counts(command) == (0xA702 if expected else 0, 0, len(expected), 0), (model, level, keys)
        assert (failed_list(data_set) if expected else set()) == expected, (model, level, keys)


@both_services
def test_what_has_no_unique_key_of_its_level_is_refused(filled: Node, ask: Ask) -> None:
    for model, level, keys in REFUSED:
        command, data_set = final(ask(filled, identifier(level, **keys), model))
        assert counts(command)[0] == 0xA900, (model, level, keys)
        assert data_set == b""


def test_a_list_longer_than_a_short_value_is_understood(filled: Node) -> None:
    uids = [f"1.2.826.0.1.3680043.2.1143.{number}" for number in range(1600)]
    wire = move(filled, identifier("IMAGE", sop="\\".join([*uids[:1000], A1, *uids[1000:1600], D1])))
    assert failed_list(final(wire)[1]) == {A1, D1}


def test_other_keys_of_an_identifier_choose_nothing(filled: Node) -> None:
    """Only unique keys may stand in it (PS3.4 Section C.4.2.1.4.1); others of careless peers do no harm."""
    modality = elements.write([elements.Element(tag=0x00080060, vr="CS", value=b"MR")], implicit=False)
    wire = move(filled, modality + identifier(study=S2))
    assert failed_list(final(wire)[1]) == {C1}


@pytest.mark.parametrize("model", [PATIENT_ROOT_MOVE, STUDY_ROOT_GET])
def test_relational_retrieval_is_agreed_on(filled: Node, model: str) -> None:
    wire = Wire(filled.connect())
    user = UserInformation(max_pdu=16384, extended={model: b"\x01\x01"})
    accept = wire.associate({1: (model, (EXPLICIT,)), 3: (CT_IMAGE_STORAGE, (EXPLICIT,))}, user=user)
    wire.close()
    # Conversion to enhanced images, the second byte, is not offered (PS3.4 Section C.5.2.1).
    assert accept.user.extended[model] == b"\x01\x00"
