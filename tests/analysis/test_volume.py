from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EnhancedCTImageStorage, ExplicitVRLittleEndian, RLELossless

from analysis.errors import CannotDecode, NotApplicable
from analysis.instances import InstanceFile
from analysis.series import SeriesInput
from analysis.volume import open_series
from isocenter.demo.phantom import PhantomStudy, uid_from
from tests.analysis.conftest import data_files, series_of


def test_slices_come_in_order_of_position(phantom: PhantomStudy) -> None:
    shuffled = list(phantom.files)
    np.random.default_rng(1).shuffle(shuffled)
    series = series_of(shuffled)
    heights = [item.plane.position_mm[2] for item in series.slices if item.plane is not None]
    assert heights == sorted(heights)
    assert len(heights) == len(phantom.files)


def test_the_volume_is_in_hounsfield_units(chest: SeriesInput) -> None:
    volume = chest.volume
    assert volume.array.shape == (30, 128, 128)
    assert volume.spacing_mm == pytest.approx((4.0, 350 / 128, 350 / 128))
    assert volume.array[0, 0, 0] == pytest.approx(-1000, abs=120)
    assert volume.affine[:3, 3] == pytest.approx(chest.slices[0].plane.position_mm)  # type: ignore[union-attr]  # has one


def test_a_compressed_series_reads_the_same(phantom: PhantomStudy, tmp_path: Path) -> None:
    plain = series_of(phantom.files[:2])
    for path in phantom.files[:2]:
        dataset = dcmread(path)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.save_as(tmp_path / path.name)
    packed = series_of(sorted(tmp_path.iterdir()))
    assert np.array_equal(plain.volume.array, packed.volume.array)


def test_an_enhanced_multi_frame_ct_reads_like_its_slices(phantom: PhantomStudy, tmp_path: Path) -> None:
    path = _enhanced(phantom, tmp_path / "enhanced.dcm")
    series, plain = series_of([path]), series_of(phantom.files)
    assert len(series.slices) == len(plain.slices)
    assert np.array_equal(series.volume.array, plain.volume.array)
    assert series.volume.spacing_mm == pytest.approx(plain.volume.spacing_mm)
    assert np.array_equal(series.pixels(3), plain.pixels(3))


def test_a_projection_has_no_frame_of_reference() -> None:
    series = series_of(data_files("cr_dx", "dx_image.dcm"))
    assert not series.has_frame_of_reference
    with pytest.raises(NotApplicable):
        _ = series.volume


def test_colour_becomes_luminance() -> None:
    series = series_of(data_files("us", "US-RGB-8-epicard"))
    assert series.pixels(0).shape == series.slices[0].shape


def test_frames_of_a_clip_are_slices() -> None:
    clip = data_files("us_multiframe")[0]
    series = series_of([clip])
    frames = int(dcmread(clip, stop_before_pixels=True).get("NumberOfFrames") or 1)
    assert [item.frame_number for item in series.slices] == list(range(1, frames + 1))


def test_a_file_without_pixels_is_no_series(tmp_path: Path) -> None:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.33", "1.2.3"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(tmp_path / "sr.dcm", enforce_file_format=True)
    with pytest.raises(NotApplicable, match="no image"):
        open_series([InstanceFile(path=tmp_path / "sr.dcm")])


def test_broken_pixel_data_is_said_to_be_so(phantom: PhantomStudy, tmp_path: Path) -> None:
    dataset = dcmread(phantom.files[0])
    dataset.compress(RLELossless, generate_instance_uid=False)
    path = tmp_path / "broken.dcm"
    dataset.PixelData = dataset.PixelData[:200] + b"\xfe\xff\xdd\xe0\0\0\0\0"
    dataset.save_as(path)
    with pytest.raises(CannotDecode):
        series_of([path]).pixels(0)


def _enhanced(phantom: PhantomStudy, path: Path) -> Path:
    """Put the phantom's slices into one multi-frame object, last slice first."""
    slices = [dcmread(file) for file in phantom.files][::-1]
    first = slices[0]
    ds = Dataset()
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "PatientID", "Rows", "Columns", "SamplesPerPixel"):
        setattr(ds, keyword, first.get(keyword))
    for keyword in ("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PhotometricInterpretation"):
        setattr(ds, keyword, first.get(keyword))
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = EnhancedCTImageStorage, uid_from("enhanced"), "CT"
    ds.FrameOfReferenceUID = first.FrameOfReferenceUID
    ds.NumberOfFrames = len(slices)
    shared, measures, orientation, transformation = Dataset(), Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = first.PixelSpacing
    orientation.ImageOrientationPatient = first.ImageOrientationPatient
    transformation.RescaleSlope, transformation.RescaleIntercept = first.RescaleSlope, first.RescaleIntercept
    shared.PixelMeasuresSequence = [measures]
    shared.PlaneOrientationSequence = [orientation]
    shared.PixelValueTransformationSequence = [transformation]
    ds.SharedFunctionalGroupsSequence = [shared]
    ds.PerFrameFunctionalGroupsSequence = []
    for item in slices:
        frame, position = Dataset(), Dataset()
        position.ImagePositionPatient = item.ImagePositionPatient
        frame.PlanePositionSequence = [position]
        ds.PerFrameFunctionalGroupsSequence.append(frame)
    ds.PixelData = b"".join(item.PixelData for item in slices)
    ds["PixelData"].VR = "OW"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(path, enforce_file_format=True)
    return path
