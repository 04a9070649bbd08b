"""A destination gets reports in the SR class it can keep, and everything else as it is."""

from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import ComprehensiveSRStorage, EnhancedSRStorage

from analysis.folder import analyze_folder
from archive.retrieve import StoredInstance
from archive.uids import SOPClassUID
from isocenter.conversion import convert
from isocenter.demo.phantom import write_phantom
from isocenter.part10 import describe


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_phantom(folder / "study", slices=6, size=64)
    outcomes = analyze_folder(folder / "study", "mock-ct-chest", folder / "out", {"delay_seconds": [0, 0]})
    assert [outcome.state for outcome in outcomes] == ["complete"]
    return next(path for path in (folder / "out").rglob("*.dcm") if dcmread(path).Modality == "SR")


@pytest.mark.parametrize(
    ("sr_class", "sop_class"), [("comprehensive", ComprehensiveSRStorage), ("enhanced", EnhancedSRStorage)]
)
def test_a_report_is_written_in_the_wanted_class(report: Path, tmp_path: Path, sr_class: str, sop_class: str) -> None:
    instance = describe(report)
    converted = convert(instance, report, sr_class, tmp_path)
    assert converted is not None
    assert converted.sop_class_uid == sop_class
    assert converted.sop_instance_uid != instance.sop_instance_uid
    written = dcmread(tmp_path / converted.key)
    assert written.SOPClassUID == written.file_meta.MediaStorageSOPClassUID == sop_class
    data_set = (tmp_path / converted.key).read_bytes()[converted.data_offset :]
    assert len(data_set) == converted.size
    # The first element of a data set without command or meta group (PS3.5 Section 7.1).
    assert data_set[:2] == b"\x08\x00"


def test_converting_twice_gives_the_same_object(report: Path, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    first = convert(describe(report), report, "enhanced", tmp_path)
    second = convert(describe(report), report, "enhanced", tmp_path / "again")
    assert first is not None
    assert second is not None
    assert (tmp_path / first.key).read_bytes() == (tmp_path / "again" / second.key).read_bytes()


def test_what_a_destination_can_keep_is_sent_as_it_is(report: Path, tmp_path: Path) -> None:
    instance = describe(report)
    assert convert(instance, report, "comprehensive3d", tmp_path) is None
    image: StoredInstance = replace(instance, sop_class_uid=SOPClassUID("1.2.840.10008.5.1.4.1.1.2"))
    assert convert(image, report, "enhanced", tmp_path) is None


def test_another_vendors_report_is_left_alone(report: Path, tmp_path: Path) -> None:
    foreign = dcmread(report)
    foreign.Manufacturer = "Somebody else"
    foreign.save_as(tmp_path / "foreign.dcm")
    path = tmp_path / "foreign.dcm"
    assert convert(describe(path), path, "enhanced", tmp_path) is None
