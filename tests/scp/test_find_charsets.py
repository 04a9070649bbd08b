"""Names in every character set are found by what is typed in UTF-8, and answered so that each peer can read them."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset, dcmread
from pynetdicom import AE
from pynetdicom.association import Association

from archive.origin import Origin, OriginKind
from tests.archive.dicom_files import SHARED
from tests.scp.running import Node
from tests.scp.samples import write_file
from tests.scp.test_find import STUDY_ROOT, ask, keys

_PACKAGED = Path(pydicom.__file__).parent / "data" / "charset_files"
FILES = {path.name: path for folder in (SHARED / "charsets", _PACKAGED) for path in sorted(folder.glob("*.dcm"))}


def as_read(path: Path) -> Dataset:
    # Only these: pydicom has something to say about others of the files.
    with warnings.catch_warnings(action="ignore"):
        dataset = dcmread(path, specific_tags=["SpecificCharacterSet", "PatientName", "StudyInstanceUID"], force=True)
        dataset.decode()
    return dataset


# This one does not say which object it is, so that it is not taken in at all.
_DAMAGED = {"FreezePattern.dcm"}
NAMED = {name: path for name, path in FILES.items() if name not in _DAMAGED and as_read(path).get("PatientName")}


def name_in(dataset: Dataset) -> str:
    """Give the name as it is meant: pydicom leaves the escape sequences of GB 2312 standing."""
    return str(dataset.PatientName).replace("\x1b$)A", "")


def keep(node: Node, path: Path) -> None:
    """Store a file, whatever its file meta information says of another object."""
    with warnings.catch_warnings(action="ignore"):
        dataset = dcmread(path)
        node.archive.receive_file(write_file(dataset, node.folder / "one.dcm"), Origin(kind=OriginKind.IMPORT))


@pytest.fixture
def scu(node: Node) -> Iterator[Association]:
    ae = AE(ae_title="MODALITY1")
    ae.add_requested_context(STUDY_ROOT)
    association = ae.associate("127.0.0.1", node.port, ae_title="ISOCENTER")
    assert association.is_established
    yield association
    association.release()


@pytest.mark.filterwarnings("ignore::UserWarning")  # what pydicom says of ISO 2022 IR 6, and of a set it does not know
@pytest.mark.parametrize("name", NAMED)
def test_a_name_is_found_in_utf8_and_in_its_own_character_set(node: Node, scu: Association, name: str) -> None:
    stored = as_read(NAMED[name])
    keep(node, NAMED[name])
    for charset in ("ISO_IR 192", stored.get("SpecificCharacterSet", "")):
        identifier = keys("STUDY", StudyInstanceUID="")
        identifier.SpecificCharacterSet = charset
        identifier.PatientName = name_in(stored)
        (found,), statuses = ask(scu, identifier)
        assert statuses == [0xFF00, 0x0000]
        found.decode()
        assert name_in(found) == name_in(stored)
        assert found.StudyInstanceUID == stored.StudyInstanceUID
        assert found.get("SpecificCharacterSet", "") == charset


def test_a_name_that_the_character_set_of_a_query_lacks_comes_in_utf8(node: Node, scu: Association) -> None:
    keep(node, FILES["chrRuss.dcm"])
    identifier = keys("STUDY", StudyInstanceUID="", PatientName="")
    identifier.SpecificCharacterSet = ["", "ISO 2022 IR 149"]
    identifier["PatientName"].value = ""
    (found,), _ = ask(scu, identifier)
    assert str(found.PatientName) == str(as_read(FILES["chrRuss.dcm"]).PatientName)


def test_the_character_set_of_the_remote_ae_counts_more_than_that_of_the_query(node: Node) -> None:
    node.rules.charset = "ISO_IR 100"
    with_its_own = AE(ae_title="MODALITY1")
    with_its_own.add_requested_context(STUDY_ROOT)
    association = with_its_own.associate("127.0.0.1", node.port, ae_title="ISOCENTER")
    for name in ("chrGerm.dcm", "chrRuss.dcm"):
        keep(node, FILES[name])
        identifier = keys("STUDY", StudyInstanceUID=as_read(FILES[name]).StudyInstanceUID, PatientName="")
        identifier.SpecificCharacterSet = "ISO_IR 192"
        (found,), _ = ask(association, identifier)
        # What it cannot hold comes in UTF-8 all the same: a name of question marks is none.
        assert found.SpecificCharacterSet == ("ISO_IR 100" if name == "chrGerm.dcm" else "ISO_IR 192")
        assert str(found.PatientName) == str(as_read(FILES[name]).PatientName)
    association.release()
