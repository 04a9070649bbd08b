"""CT chest phantom as a complete series of CT Image objects (PS3.3 A.3)."""

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, CTImageStorage, ExplicitVRLittleEndian

from isocenter.demo.anatomy import NODULE_CENTRE_MM, NODULE_RADIUS_MM, Chest, Section

_EPOCH = datetime(2026, 1, 5, 9, 30, 0)  # noqa: DTZ001 - DICOM dates are local; the offset stands in the object
_INTERCEPT = -1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodule:
    """Where the phantom's nodule is: centre in patient mm (LPS) and diameter in mm."""

    centre_mm: tuple[float, float, float] = NODULE_CENTRE_MM
    diameter_mm: float = 2 * NODULE_RADIUS_MM


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomStudy:
    """What was written, and the truth about it."""

    files: tuple[Path, ...]
    study_instance_uid: str
    series_instance_uid: str
    lung_volume_ml: float
    right_lung_volume_ml: float
    left_lung_volume_ml: float
    mean_lung_density_hu: float
    nodule: Nodule = field(default_factory=Nodule)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomOptions:
    """What can be chosen about a phantom; the same options give the same bytes.

    Attributes
    ----------
    slices, size
        Slices (the chest is always 120 mm high), and rows = columns of each.
    seed
        Decides texture and, where `study_uid` is None, all UIDs.
    study_uid
        Study Instance UID; the series' and instances' UIDs follow from it.
    acquired
        Local date and time of the study.
    """

    slices: int = 120
    size: int = 512
    seed: int = 1
    patient_id: str = "PHANTOM-1"
    patient_name: str = "Phantom^Chest"
    study_uid: str | None = None
    acquired: datetime = _EPOCH


def uid_from(*parts: object) -> str:
    """Give the UID that follows from `parts`: 2.25 and a name-based UUID (PS3.5 B.2)."""
    digest = hashlib.sha256("\n".join(map(str, parts)).encode()).digest()
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=5).int}"


def fresh_study_uid() -> str:
    """Give a Study Instance UID that nobody has used."""
    return f"2.25.{uuid.uuid4().int}"


def phantom_sections(options: PhantomOptions) -> Iterator[tuple[Dataset, Section]]:
    """Yield each slice's data set, head to feet, with the section it was made of."""
    chest = Chest(slices=options.slices, size=options.size, seed=options.seed)
    template = _series_template(options, chest)
    for index in range(options.slices):
        section = chest.section(index)
        yield _instance(template, chest, section, index), section


def phantom_datasets(options: PhantomOptions | None = None) -> Iterator[Dataset]:
    """Yield the phantom's data sets, each with its file meta information."""
    for dataset, _ in phantom_sections(options or PhantomOptions()):
        yield dataset


def write_phantom(
    folder: Path | str,
    *,
    slices: int = 120,
    size: int = 512,
    seed: int = 1,
    patient_id: str = "PHANTOM-1",
    study_uid: str | None = None,
    acquired: datetime = _EPOCH,
) -> PhantomStudy:
    """Write the phantom as Part 10 files `IM0001.dcm`… into `folder` (made if missing)."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    options = PhantomOptions(
        slices=slices, size=size, seed=seed, patient_id=patient_id, study_uid=study_uid, acquired=acquired
    )
    files: list[Path] = []
    right = left = 0
    total_hu = 0.0
    dataset = Dataset()
    for dataset, section in phantom_sections(options):
        path = folder / f"IM{len(files) + 1:04d}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        files.append(path)
        right += int(section.right_lung.sum())
        left += int(section.left_lung.sum())
        total_hu += float(section.hounsfield[section.right_lung | section.left_lung].sum(dtype=np.float64))
    chest = Chest(slices=slices, size=size, seed=seed)
    voxel_ml = chest.pixel_mm**2 * chest.spacing_mm / 1000.0
    return PhantomStudy(
        files=tuple(files),
        study_instance_uid=str(dataset.StudyInstanceUID),
        series_instance_uid=str(dataset.SeriesInstanceUID),
        lung_volume_ml=(right + left) * voxel_ml,
        right_lung_volume_ml=right * voxel_ml,
        left_lung_volume_ml=left * voxel_ml,
        mean_lung_density_hu=total_hu / max(1, right + left),
    )


def _series_template(options: PhantomOptions, chest: Chest) -> Dataset:
    """Give what all slices share."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.StudyInstanceUID = options.study_uid or uid_from("phantom", options.seed, options.patient_id)
    ds.SeriesInstanceUID = uid_from(ds.StudyInstanceUID, "series 1")
    ds.FrameOfReferenceUID = uid_from(ds.StudyInstanceUID, "frame of reference")
    _patient_and_study(ds, options)
    _series_and_equipment(ds, options)
    _acquisition(ds, options, chest)
    _pixel_description(ds, chest)
    return ds


def _patient_and_study(ds: Dataset, options: PhantomOptions) -> None:
    """Patient, General Study and Patient Study modules (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2)."""
    ds.PatientName = options.patient_name
    ds.PatientID = options.patient_id
    ds.IssuerOfPatientID = "ISOCENTER DEMO"
    ds.PatientBirthDate = "19610417"
    ds.PatientSex = "O"
    ds.PatientAge = "064Y"
    ds.PatientSize = "1.71"
    ds.PatientWeight = "68"
    ds.StudyID = f"{options.seed}"[:16]
    ds.StudyDate = options.acquired.strftime("%Y%m%d")
    ds.StudyTime = options.acquired.strftime("%H%M%S")
    ds.AccessionNumber = f"DEMO{options.seed}"[:16]
    ds.ReferringPhysicianName = "Referrer^Demo"
    ds.StudyDescription = "CT Chest"
    ds.ProcedureCodeSequence = [_code("24627-2", "LN", "Chest CT")]
    ds.TimezoneOffsetFromUTC = "+0000"


def _series_and_equipment(ds: Dataset, options: PhantomOptions) -> None:
    """General Series and General Equipment modules (PS3.3 C.7.3.1, C.7.5.1)."""
    ds.Modality = "CT"
    ds.SeriesNumber = 1
    ds.SeriesDescription = "Chest 1.0 lung phantom"
    ds.ProtocolName = "Chest phantom"
    ds.SeriesDate = ds.StudyDate
    ds.SeriesTime = (options.acquired + timedelta(minutes=2)).strftime("%H%M%S")
    ds.BodyPartExamined = "CHEST"
    ds.PatientPosition = "HFS"
    ds.Manufacturer = "Isocenter"
    ds.ManufacturerModelName = "Chest phantom"
    ds.InstitutionName = "Isocenter demonstration"
    ds.StationName = "MODALITY1"
    ds.DeviceSerialNumber = "1"
    ds.SoftwareVersions = "1"
    ds.PositionReferenceIndicator = ""


def _acquisition(ds: Dataset, options: PhantomOptions, chest: Chest) -> None:
    """General Acquisition and CT Image modules (PS3.3 C.7.10.1, C.8.2.1)."""
    begun = options.acquired + timedelta(minutes=2)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.AcquisitionNumber = 1
    ds.AcquisitionDate = ds.ContentDate = begun.strftime("%Y%m%d")
    ds.AcquisitionTime = ds.ContentTime = begun.strftime("%H%M%S")
    ds.KVP = "120"
    ds.ScanOptions = "HELICAL"
    ds.DataCollectionDiameter = "500"
    ds.ReconstructionDiameter = f"{chest.pixel_mm * chest.size:.6g}"
    ds.GantryDetectorTilt = "0"
    ds.TableHeight = "150"
    ds.ExposureTime = "500"
    ds.XRayTubeCurrent = "200"
    ds.Exposure = "100"
    ds.ConvolutionKernel = "STANDARD"
    ds.SliceThickness = f"{chest.spacing_mm:.6g}"


def _pixel_description(ds: Dataset, chest: Chest) -> None:
    """Image Plane, Image Pixel, Modality and VOI LUT (PS3.3 C.7.6.2, C.7.6.3, C.11.1, C.11.2)."""
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing = [f"{chest.pixel_mm:.10g}"] * 2
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows = ds.Columns = chest.size
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = _INTERCEPT, 1, "HU"
    ds.WindowCenter, ds.WindowWidth = ["-600", "40"], ["1500", "400"]
    ds.WindowCenterWidthExplanation = ["LUNG", "MEDIASTINUM"]


def _instance(template: Dataset, chest: Chest, section: Section, index: int) -> Dataset:
    """Make one slice's data set of what all share and its section."""
    ds = Dataset()
    ds.update(template)
    ds.SOPClassUID = CTImageStorage
    ds.SOPInstanceUID = uid_from(template.SeriesInstanceUID, index + 1)
    ds.InstanceNumber = index + 1
    corner = -(chest.size - 1) / 2.0 * chest.pixel_mm
    ds.ImagePositionPatient = [f"{corner:.10g}", f"{corner:.10g}", f"{section.z_mm:.10g}"]
    ds.SliceLocation = f"{section.z_mm:.10g}"
    stored = np.clip(section.hounsfield - _INTERCEPT, 0, 4095).astype("<u2")
    ds.PixelData = stored.tobytes()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    return ds


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    """Give one item of a code sequence (PS3.3 8.8)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item
