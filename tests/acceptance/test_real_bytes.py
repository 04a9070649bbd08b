"""Every real file goes in by C-STORE and comes out by C-GET and WADO-RS, byte for byte; names are right everywhere."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import httpx
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.dcmtk import Scu, missing_tools
from tests.acceptance.peers.getting import c_get
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.real_objects import RealObject, real_objects, rounds, store
from tests.scp.samples import encode

pytestmark = [pytest.mark.acceptance, pytest.mark.filterwarnings("ignore:Invalid value for VR UI")]

# What no archive can keep, each by a rule of the table of bad inputs: the data set does not say which object of which
# study it is (PS3.3 Sections C.12.1 and C.7.2.1), or is broken.
NO_SOP_INSTANCE_UID = ("B03", 0xC000)
NO_STUDY = ("B04", 0xA900)
LONGER_THAN_ITSELF = ("B07", 0xC000)
NO_OBJECTS = {
    "charsets/FreezePattern.dcm": NO_SOP_INSTANCE_UID,
    "charsets/chrSQEncoding.dcm": NO_SOP_INSTANCE_UID,
    "charsets/chrSQEncoding1.dcm": NO_SOP_INSTANCE_UID,
    "mr_misc/GH626.dcm": LONGER_THAN_ITSELF,
    "sm/multiframe.dcm": NO_STUDY,
    "transfer_syntaxes/HTJ2KLossless_08_RGB.dcm": NO_STUDY,
}
# Patients as one would type them, by their file; groups are alphabetic, ideographic and phonetic.
NAMES = {
    "1403-OB.dcm": "DualIsotope-IN-TC",
    "GH1301.dcm": "Wang^XiaoDong=王^小东",
    "chrArab.dcm": "قباني^لنزار",
    "chrFren.dcm": "Buc^Jérôme",
    "chrGB2312.dcm": "Zhang^XiaoDong=张^小东",
    "chrGerm.dcm": "Äneas^Rüdiger",
    "chrGreek.dcm": "Διονυσιος",
    "chrH31.dcm": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "chrH32.dcm": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrHbrw.dcm": "שרון^דבורה",
    "chrI2.dcm": "Hong^Gildong=洪^吉洞=홍^길동",
    "chrJapMulti.dcm": "やまだ^たろう",
    "chrJapMultiExplicitIR6.dcm": "やまだ^たろう",
    "chrRuss.dcm": "Люкceмбypг",  # noqa: RUF001 - the Latin letters among these are the file's own
    "chrX1.dcm": "Wang^XiaoDong=王^小東",
    "chrX2.dcm": "Wang^XiaoDong=王^小东",
}
# These have no patient. A name stands in an item of a sequence, once in a character set of its own.
NAMED_IN_AN_ITEM = {
    "chrSQEncoding.dcm": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrSQEncoding1.dcm": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
}
BROKEN = "FreezePattern.dcm"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node that takes the same object in other transfer syntaxes too, and analyses nothing."""
    started = Node(
        tmp_path_factory.mktemp("node"),
        aes=[MODALITY],
        storage={"duplicates": "replace"},
        analysis={"quiet_seconds": 3600},
    ).start()
    yield started
    assert started.stop() == 0


@pytest.fixture(scope="module")
def objects(shared_data: Path) -> list[RealObject]:
    return list(real_objects(shared_data))


def kept(objects: list[RealObject], folder: Path) -> list[RealObject]:
    return [one for one in objects if str(one.path.relative_to(folder)) not in NO_OBJECTS]


@pytest.mark.timeout(600)
def test_all_real_files_come_back_byte_for_byte(node: Node, objects: list[RealObject], shared_data: Path) -> None:
    sound = kept(objects, shared_data)
    assert len(sound) > 780
    contexts: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for batch in rounds(sound):
        statuses = store(node.dicom_port, batch)
        assert {path.name: f"{status:04X}" for path, status in statuses.items() if status} == {}
        by_study = sorted(batch, key=lambda one: one.study_instance_uid)
        for study, members in groupby(by_study, lambda one: one.study_instance_uid):
            stored = list(members)
            contexts[study].update(one.context for one in stored)
            assert_retrieved(c_get(node.dicom_port, study, contexts[study]), stored)
        with node.client() as client:
            for one in batch:
                assert_on_the_web(client, one)


def assert_retrieved(received: dict[str, tuple[str, bytes]], stored: list[RealObject]) -> None:
    for one in stored:
        syntax, content = received[one.sop_instance_uid]
        assert syntax == one.transfer_syntax_uid, one.path.name
        assert content == one.data_set, one.path.name


def assert_on_the_web(client: httpx.Client, one: RealObject) -> None:
    answer = client.get(one.url, headers={"Accept": "application/dicom; transfer-syntax=*"})
    assert answer.status_code == httpx.codes.OK, one.path.name
    assert answer.headers["content-type"] == f"application/dicom;transfer-syntax={one.transfer_syntax_uid}"
    assert answer.content.endswith(one.data_set), one.path.name
    metadata = client.get(f"{one.url}/metadata").json()
    assert metadata[0]["00080018"]["Value"] == [one.sop_instance_uid], one.path.name


def test_what_is_no_object_is_refused_with_its_status(node: Node, objects: list[RealObject], shared_data: Path) -> None:
    others = [one for one in objects if one not in kept(objects, shared_data)]
    statuses = store(node.dicom_port, others)
    expected = {name: status for name, (_row, status) in NO_OBJECTS.items()}
    assert {str(path.relative_to(shared_data)): status for path, status in statuses.items()} == expected


def test_no_file_of_the_character_sets_is_left_out(shared_data: Path) -> None:
    files = {path.name for path in (shared_data / "charsets").glob("*.dcm")}
    assert files == NAMES.keys() | NAMED_IN_AN_ITEM.keys() | {BROKEN}


@pytest.mark.parametrize(("name", "patient"), NAMES.items(), ids=NAMES.keys())
def test_a_patient_is_found_by_the_name_one_types(
    node: Node, objects: list[RealObject], tmp_path: Path, name: str, patient: str
) -> None:
    if missing_tools("findscu"):
        pytest.skip("findscu is not installed")
    [one] = [one for one in objects if one.path.name == name]
    assert store(node.dicom_port, [one])[one.path] == 0
    for typed in {patient, *patient.split("=")}:
        found = found_by_c_find(node, tmp_path, typed)
        assert str(found[one.study_instance_uid].PatientName) == patient
    [study] = node.get("/dicom-web/studies", StudyInstanceUID=one.study_instance_uid, PatientName=patient)
    assert study["00100010"]["Value"] == [in_groups(patient)]


@pytest.mark.parametrize(("name", "person"), NAMED_IN_AN_ITEM.items(), ids=NAMED_IN_AN_ITEM.keys())
def test_a_name_in_an_item_is_shown_right(
    node: Node, objects: list[RealObject], tmp_path: Path, name: str, person: str
) -> None:
    [one] = [one for one in objects if one.path.name == name]
    named = with_uids(one)
    assert store(node.dicom_port, [named])[one.path] == 0
    assert named.study_instance_uid in found_by_c_find(node, tmp_path, "")
    [metadata] = node.get(f"{named.url}/metadata")
    [item] = metadata["00321064"]["Value"]
    assert item["00100010"]["Value"] == [in_groups(person)]
    assert metadata["00321032"]["Value"] == [{"Alphabetic": "Doctor^Who^^MD"}]


def with_uids(one: RealObject) -> RealObject:
    """Give a file that does not say which object it is what it needs to be one; its texts stay as they are."""
    dataset = dcmread(one.path)
    dataset.SOPClassUID, dataset.SOPInstanceUID = one.sop_class_uid, generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    return replace(
        one,
        data_set=encode(dataset),
        sop_instance_uid=dataset.SOPInstanceUID,
        study_instance_uid=dataset.StudyInstanceUID,
        series_instance_uid=dataset.SeriesInstanceUID,
    )


def in_groups(name: str) -> dict[str, str]:
    """Write a name as DICOM JSON does."""
    return dict(zip(("Alphabetic", "Ideographic", "Phonetic"), name.split("="), strict=False))


def found_by_c_find(node: Node, folder: Path, name: str) -> dict[str, Dataset]:
    keys = ["QueryRetrieveLevel=STUDY", "SpecificCharacterSet=ISO_IR 192", f"PatientName={name}", "StudyInstanceUID"]
    return {found.StudyInstanceUID: found for found in Scu(node.dicom_port).find(folder / "found", *keys)}
