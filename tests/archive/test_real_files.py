"""Files of many makers: each is read as pydicom reads it, or refused with a reason of this node."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from archive import file_meta
from archive.errors import NodeError
from archive.header import Header, read_header
from archive.non_patient_classes import is_non_patient

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
PACKAGED = Path(pydicom.__file__).parent / "data"
PREFIX_END = 132


def dicom_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in {".csv", ".md", ".json", ".txt", ".py"}:
            yield path


def read(path: Path) -> Header:
    content = path.read_bytes()[: file_meta.LONGEST]
    decoded = file_meta.decode(content, complete=True)
    assert decoded is not None
    meta, offset = decoded
    return read_header(path, meta.get(file_meta.TRANSFER_SYNTAX_UID, "1.2.840.10008.1.2"), offset)


def compare(path: Path, header: Header) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data_set = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        assert header.sop_instance_uid == str(data_set.SOPInstanceUID).strip()
        # What belongs to no patient, a colour palette for example, has no study.
        study_instance_uid = "" if is_non_patient(header.sop_class_uid) else data_set.StudyInstanceUID
        assert header.study_instance_uid == str(study_instance_uid).strip()
        assert header.number("rows") == data_set.get("Rows")
        assert header.modality == (data_set.get("Modality") or "").strip()
        assert header.text("series_date") == str(data_set.get("SeriesDate") or "").strip()


@pytest.mark.parametrize(("folder", "least"), [(PACKAGED, 80), (SHARED, 500)], ids=["packaged with pydicom", "shared"])
def test_real_files_are_read_or_refused_with_a_reason(folder: Path, least: int) -> None:
    if not folder.exists():
        pytest.skip(f"{folder.name} is not on this machine")
    understood = 0
    for path in dicom_files(folder):
        try:
            header = read(path)
        except NodeError:
            continue
        understood += 1
        if "malformed" not in path.parent.name:
            compare(path, header)
    assert understood >= least


CHARSETS = {
    "chrArab.dcm": "قباني^لنزار",
    "chrFren.dcm": "Buc^Jérôme",
    "chrGerm.dcm": "Äneas^Rüdiger",
    "chrGreek.dcm": "Διονυσιος",
    "chrH31.dcm": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "chrH32.dcm": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrHbrw.dcm": "שרון^דבורה",
    "chrI2.dcm": "Hong^Gildong=洪^吉洞=홍^길동",
    "chrRuss.dcm": "Люкceмбypг",  # noqa: RUF001 - the Latin letters among these are the file's own
    "chrX1.dcm": "Wang^XiaoDong=王^小東",
    "chrX2.dcm": "Wang^XiaoDong=王^小东",
    "chrKoreanMulti.dcm": "김희중",
}


@pytest.mark.parametrize(("name", "patient"), CHARSETS.items(), ids=CHARSETS.keys())
def test_names_in_every_character_set_are_read(name: str, patient: str) -> None:
    assert read(PACKAGED / "charset_files" / name).text("patient_name").rstrip("=") == patient
