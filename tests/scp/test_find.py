"""C-FIND against a real index, asked by pynetdicom's SCU."""

import time
from collections.abc import Iterator

import pytest
from pydicom import Dataset
from pynetdicom import AE
from pynetdicom.association import Association

from archive.origin import Origin, OriginKind
from routing import dimse
from routing.dimse import Command, CommandField
from routing.negotiation import UserInformation
from routing.pdu import p_data
from scp.elements import Element, write
from scp.find import Find
from tests.scp.running import Node
from tests.scp.samples import ct_image, write_file
from tests.scp.wire import EXPLICIT, Wire

PATIENT_ROOT, STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.2.1"
PATIENT_STUDY_ONLY = "1.2.840.10008.5.1.4.1.2.3.1"
LONGEST_ANSWER_SECONDS = 5.0


def keep(node: Node, *datasets: Dataset) -> None:
    for dataset in datasets:
        path = write_file(dataset, node.folder / "one.dcm")
        node.archive.receive_file(path, Origin(kind=OriginKind.IMPORT))


@pytest.fixture
def scu(node: Node) -> Iterator[Association]:
    ae = AE(ae_title="MODALITY1")
    ae.add_requested_context(PATIENT_ROOT)
    ae.add_requested_context(STUDY_ROOT)
    ae.add_requested_context(PATIENT_STUDY_ONLY)
    association = ae.associate("127.0.0.1", node.port, ae_title="ISOCENTER")
    assert association.is_established
    yield association
    association.release()


def keys(level: str | None, **values: object) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    if level is not None:
        dataset.QueryRetrieveLevel = level
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def ask(scu: Association, identifier: Dataset, model: str = STUDY_ROOT) -> tuple[list[Dataset], list[int]]:
    # pynetdicom's own loop may take an answer that comes within its millisecond: let it stop before anything is sent.
    scu._reactor_checkpoint.clear()
    time.sleep(0.02)
    answers = list(scu.send_c_find(identifier, model))
    return [found for _, found in answers if found is not None], [status.Status for status, _ in answers]


def test_a_study_is_found_by_name_without_regard_to_case(node: Node, scu: Association) -> None:
    keep(node, ct_image(), ct_image(PatientID="P2", PatientName="Other"))
    found, statuses = ask(scu, keys("STUDY", PatientName="müller*", PatientID="", StudyInstanceUID=""))
    assert statuses == [0xFF00, 0x0000]
    assert found[0].PatientID == "P1"
    assert found[0].PatientName == "Müller^Änne"
    assert found[0].RetrieveAETitle == "ISOCENTER"
    assert found[0].InstanceAvailability == "ONLINE"
    assert found[0].QueryRetrieveLevel == "STUDY"


def test_all_levels_of_the_study_root_are_answered(node: Node, scu: Association) -> None:
    image = ct_image()
    keep(node, image)
    study, series = image.StudyInstanceUID, image.SeriesInstanceUID
    found, _ = ask(scu, keys("STUDY", StudyInstanceUID=study, ModalitiesInStudy="", NumberOfStudyRelatedInstances=""))
    assert (found[0].ModalitiesInStudy, found[0].NumberOfStudyRelatedInstances) == ("CT", 1)
    found, _ = ask(scu, keys("SERIES", StudyInstanceUID=study, SeriesInstanceUID="", Modality="CT"))
    assert found[0].SeriesInstanceUID == series
    wanted = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
    found, _ = ask(scu, keys("IMAGE", **wanted, SOPInstanceUID="", Rows=None))
    assert (found[0].SOPInstanceUID, found[0].Rows) == (image.SOPInstanceUID, 8)


def test_all_levels_of_the_patient_root_are_answered(node: Node, scu: Association) -> None:
    image = ct_image()
    keep(node, image)
    found, _ = ask(scu, keys("PATIENT", PatientID="P1", PatientName=""), PATIENT_ROOT)
    assert found[0].PatientName == "Müller^Änne"
    found, _ = ask(scu, keys("STUDY", PatientID="P1", StudyInstanceUID=""), PATIENT_ROOT)
    assert found[0].StudyInstanceUID == image.StudyInstanceUID


def test_the_model_of_patients_and_studies_only_has_these_two_levels(node: Node, scu: Association) -> None:
    image = ct_image()
    keep(node, image)
    found, _ = ask(scu, keys("PATIENT", PatientID="P1", PatientName=""), PATIENT_STUDY_ONLY)
    assert found[0].PatientName == "Müller^Änne"
    found, _ = ask(scu, keys("STUDY", PatientID="P1", StudyInstanceUID=""), PATIENT_STUDY_ONLY)
    assert found[0].StudyInstanceUID == image.StudyInstanceUID
    unique = {"PatientID": "P1", "StudyInstanceUID": image.StudyInstanceUID}
    assert ask(scu, keys("SERIES", **unique, SeriesInstanceUID=""), PATIENT_STUDY_ONLY)[1] == [0xA900]
    assert ask(scu, keys("STUDY", StudyInstanceUID=""), PATIENT_STUDY_ONLY)[1] == [0xA900]


def test_keys_that_the_index_does_not_have_are_answered_empty_with_ff01(node: Node, scu: Association) -> None:
    keep(node, ct_image())
    found, statuses = ask(scu, keys("STUDY", PatientID="P1", StudyInstanceUID="", PregnancyStatus=None))
    assert statuses == [0xFF01, 0x0000]
    assert found[0].PregnancyStatus is None


@pytest.mark.parametrize(
    ("level", "above", "empty"),
    [
        ("PATIENT", (), ("PatientID", "PatientBirthDate", "OtherPatientIDs")),
        ("STUDY", ("PatientID",), ("StudyInstanceUID", "AccessionNumber", "StudyDescription")),
        ("SERIES", ("PatientID", "StudyInstanceUID"), ("SeriesInstanceUID", "Modality", "SeriesDescription")),
        (
            "IMAGE",
            ("PatientID", "StudyInstanceUID", "SeriesInstanceUID"),
            ("SOPInstanceUID", "InstanceNumber", "ContentDate", "RequestAttributesSequence"),
        ),
    ],
)
def test_an_empty_key_is_answered_with_or_without_a_value_and_an_absent_one_is_not(
    node: Node, scu: Association, level: str, above: tuple[str, ...], empty: tuple[str, ...]
) -> None:
    """PS3.4 Sections C.2.2.1.3 and C.4.1.1.3.2: an empty key asks for a value, and excludes nothing."""
    image = ct_image()
    keep(node, image)
    asked = {keyword: image[keyword].value for keyword in above}
    (found,), statuses = ask(scu, keys(level, **asked, **dict.fromkeys(empty)), PATIENT_ROOT)
    assert statuses[-1] == 0x0000
    of_the_node = {"SpecificCharacterSet", "QueryRetrieveLevel", "RetrieveAETitle", "InstanceAvailability"}
    assert {element.keyword for element in found} == {*above, *empty} | of_the_node
    for keyword in empty:
        # What the object does not have is there all the same, with length zero.
        assert not found[keyword].value if keyword not in image else found[keyword].value == image[keyword].value
    assert (found.RetrieveAETitle, found.InstanceAvailability) == ("ISOCENTER", "ONLINE")


def test_items_of_an_answer_have_what_was_asked_for_in_them(node: Node, scu: Association) -> None:
    image = ct_image(RequestAttributesSequence=[Dataset()])
    image.RequestAttributesSequence[0].RequestedProcedureID = "RP7"
    keep(node, image)
    asked = Dataset()
    asked.RequestedProcedureID, asked.RequestedProcedureDescription = "RP*", ""
    identifier = keys("SERIES", StudyInstanceUID=image.StudyInstanceUID, RequestAttributesSequence=[asked])
    (found,), _ = ask(scu, identifier)
    (item,) = found.RequestAttributesSequence
    assert item.RequestedProcedureID == "RP7"
    assert item.RequestedProcedureDescription == ""
    assert "ScheduledProcedureStepID" not in item


@pytest.mark.parametrize(
    ("zone", "day", "found"),
    [("+0000", "20240101", 0), ("+0000", "20240102", 1), ("-0500", "20240101", 1), ("", "20240101", 1)],
)
def test_dates_and_times_are_those_of_the_time_zone_of_the_request(
    node: Node, scu: Association, zone: str, day: str, found: int
) -> None:
    keep(node, ct_image(StudyDate="20240101", StudyTime="233000", TimezoneOffsetFromUTC="-0500"))
    asked = keys("STUDY", StudyDate=day, StudyTime="", TimezoneOffsetFromUTC=zone)
    matches, statuses = ask(scu, asked)
    assert statuses == [0xFF00] * found + [0x0000]
    # The answer says which zone its own values are in.
    assert [(match.StudyTime, match.TimezoneOffsetFromUTC) for match in matches] == [("233000", "-0500")] * found


def test_wildcards_of_sql_are_literal(node: Node, scu: Association) -> None:
    keep(node, ct_image(), ct_image(PatientID="P_2", PatientName="A%B"))
    for name, count in {"A%B": 1, "%": 0, "_*": 0, "A?B": 1, "'; DROP TABLE study; --": 0}.items():
        found, statuses = ask(scu, keys("STUDY", PatientName=name, StudyInstanceUID=""))
        assert (len(found), statuses[-1]) == (count, 0x0000), name


@pytest.mark.parametrize(
    "identifier",
    [
        keys(None, StudyInstanceUID=""),
        keys("GALAXY", StudyInstanceUID=""),
        keys("PATIENT", PatientID="P1"),
        keys("SERIES", SeriesInstanceUID=""),
        keys("IMAGE", StudyInstanceUID="1.2", SOPInstanceUID=""),
    ],
)
def test_an_identifier_that_does_not_fit_is_a900(scu: Association, identifier: Dataset) -> None:
    assert ask(scu, identifier)[1] == [0xA900]
    assert ask(scu, keys("STUDY", StudyInstanceUID=""))[1] == [0x0000]


def test_names_come_in_the_character_set_of_the_request_if_it_can_hold_them(node: Node, scu: Association) -> None:
    keep(node, ct_image(), ct_image(PatientID="P2", PatientName="山田^太郎"))
    identifier = keys("STUDY", PatientName="", PatientID="", StudyInstanceUID="")
    identifier.SpecificCharacterSet = "ISO_IR 100"
    by_id = {found.PatientID: found for found in ask(scu, identifier)[0]}
    assert by_id["P1"].SpecificCharacterSet == "ISO_IR 100"
    assert by_id["P1"].PatientName == "Müller^Änne"
    assert by_id["P2"].SpecificCharacterSet == "ISO_IR 192"
    assert by_id["P2"].PatientName == "山田^太郎"


def test_a_query_is_matched_in_its_own_character_set(node: Node, scu: Association) -> None:
    keep(node, ct_image())
    identifier = keys("STUDY", PatientName="Müller^Änne", StudyInstanceUID="")
    identifier.SpecificCharacterSet = "ISO_IR 100"
    assert len(ask(scu, identifier)[0]) == 1


def raw_query(
    node: Node,
    *elements: Element,
    after: Command | None = None,
    level: bytes = b"STUDY",
    options: bytes = b"",
) -> Wire:
    """Associate and send a query, without a client that would look at its values."""
    wire = Wire(node.connect())
    user = UserInformation(max_pdu=16384, extended={STUDY_ROOT: options} if options else {})
    wire.associate({1: (STUDY_ROOT, (EXPLICIT,))}, user=user)
    identifier = write([Element(tag=0x00080052, vr="CS", value=level), *elements], implicit=False)
    command = dimse.request(CommandField.C_FIND, 7, data_set=True)
    wire.send(
        p_data(1, dimse.encode_command({**command, 0x0002: STUDY_ROOT}), is_command=True, fragment=16000)
        + p_data(1, identifier, is_command=False, fragment=16000)
        + (p_data(1, dimse.encode_command(after), is_command=True, fragment=16000) if after else b"")
    )
    return wire


def test_b43_a_query_ends_promptly_after_a_cancel(node: Node) -> None:
    keep(node, *(ct_image(PatientID=f"P{number}") for number in range(20)))
    cancel = {0x0100: int(CommandField.C_CANCEL), 0x0120: 7, 0x0800: 0x0101}
    # Both are in the node's receive buffer before the first match can be sent.
    wire = raw_query(node, Element(tag=0x0020000D, vr="UI"), after=cancel)
    assert wire.status() == 0xFE00
    wire.command(1, {**dimse.request(CommandField.C_FIND, 7, data_set=True), 0x0002: STUDY_ROOT})
    wire.data(1, write([Element(tag=0x00080052, vr="CS", value=b"STUDY")], implicit=False))
    assert wire.status() == 0xFF00
    wire.close()


def test_a_cancel_behind_the_last_answer_does_not_end_the_next_query(node: Node) -> None:
    keep(node, ct_image())
    wire = raw_query(node, Element(tag=0x0020000D, vr="UI"))
    assert [wire.status(), wire.status()] == [0xFF00, 0x0000]
    wire.command(1, {0x0100: int(CommandField.C_CANCEL), 0x0120: 7, 0x0800: 0x0101})
    wire.command(1, {**dimse.request(CommandField.C_FIND, 7, data_set=True), 0x0002: STUDY_ROOT})
    wire.data(1, write([Element(tag=0x00080052, vr="CS", value=b"STUDY")], implicit=False))
    assert [wire.status(), wire.status()] == [0xFF00, 0x0000]
    wire.close()


def test_b41_a_text_of_ten_thousand_characters_is_answered(node: Node) -> None:
    for value in (b"a" * 10_000, b"\\".join([b"a"] * 5_000), b"?" * 10_000):
        begun = time.monotonic()
        wire = raw_query(node, Element(tag=0x00100010, vr="PN", value=value))
        # No name is so long, and no key has so many values.
        assert wire.status() in (0x0000, 0xA900)
        assert time.monotonic() - begun < LONGEST_ANSWER_SECONDS
        wire.close()


def test_b41_a_pattern_that_costs_too_much_is_refused(node: Node) -> None:
    wire = raw_query(node, Element(tag=0x00100010, vr="PN", value=b"*a" * 1000))
    assert wire.status() == 0xA900
    wire.close()


def test_an_identifier_that_is_no_data_set_is_refused(node: Node) -> None:
    wire = raw_query(node, Element(tag=0x00400275, vr="SQ", items=([Element(tag=0xFFFEE0DD, vr="UI")],)))
    assert wire.status() == 0xC000
    wire.close()


def test_b41_more_matches_than_the_limit_end_with_out_of_resources(node: Node) -> None:
    keep(node, *(ct_image(PatientID=f"P{number}") for number in range(5)))
    node.services[CommandField.C_FIND] = Find(node.database, ae_title="ISOCENTER", max_matches=3)
    wire = raw_query(node, Element(tag=0x0020000D, vr="UI"))
    assert [wire.status() for _ in range(4)] == [0xFF00, 0xFF00, 0xFF00, 0xA700]
    wire.close()


RELATIONAL, COMBINED, FUZZY = b"\1", b"\0\1", b"\0\0\1"


@pytest.mark.parametrize(("options", "statuses"), [(b"", [0xA900]), (b"\0", [0xA900]), (RELATIONAL, [0xFF00, 0])])
def test_relational_queries_are_answered_when_they_were_agreed_on(
    node: Node, options: bytes, statuses: list[int]
) -> None:
    image = ct_image()
    keep(node, image)
    keyed = Element(tag=0x00080018, vr="UI", value=image.SOPInstanceUID.encode())
    wire = raw_query(node, keyed, level=b"IMAGE", options=options)
    assert [wire.status() for _ in statuses] == statuses
    wire.close()


@pytest.mark.parametrize(("options", "statuses"), [(b"", [0]), (FUZZY, [0xFF00, 0])])
def test_names_are_matched_word_by_word_when_that_was_agreed_on(
    node: Node, options: bytes, statuses: list[int]
) -> None:
    keep(node, ct_image(PatientName="Doering^Anna Maria"))
    wire = raw_query(node, Element(tag=0x00100010, vr="PN", value=b"maria doer"), options=options)
    assert [wire.status() for _ in statuses] == statuses
    wire.close()


@pytest.mark.parametrize(("options", "statuses"), [(b"", [0]), (COMBINED, [0xFF00, 0])])
def test_date_and_time_are_one_moment_when_that_was_agreed_on(node: Node, options: bytes, statuses: list[int]) -> None:
    keep(node, ct_image(StudyDate="20200102", StudyTime="0600"))
    from_to = (
        Element(tag=0x00080020, vr="DA", value=b"20200101-20200103"),
        Element(tag=0x00080030, vr="TM", value=b"1000-"),
    )
    wire = raw_query(node, *from_to, options=options)
    assert [wire.status() for _ in statuses] == statuses
    wire.close()
