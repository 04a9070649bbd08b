"""Data sets for the tests of DICOMweb: small images with known samples."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def image(samples: "np.ndarray[Any, Any]", **attributes: Any) -> Dataset:
    """Make an image: rows x columns of one frame; further dimensions as `attributes` say."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = CT_IMAGE
    ds.SOPInstanceUID = generate_uid()
    ds.StudyInstanceUID = generate_uid()
    ds.SeriesInstanceUID = generate_uid()
    ds.PatientName = "Doe^John"
    ds.PatientID = "P1"
    ds.PatientBirthDate = "19700101"
    ds.PatientSex = "O"
    ds.StudyDate = "20240102"
    ds.StudyTime = "101112"
    ds.AccessionNumber = "A1"
    ds.StudyID = "S1"
    ds.StudyDescription = "Thorax"
    ds.ReferringPhysicianName = ""
    ds.Modality = "CT"
    ds.SeriesNumber = 1
    ds.InstanceNumber = 1
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = samples.shape[:2]
    ds.BitsAllocated = samples.dtype.itemsize * 8
    ds.BitsStored = ds.BitsAllocated
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(samples.dtype.kind == "i")
    content = samples.tobytes()
    ds.PixelData = content + bytes(len(content) % 2)
    for name, value in attributes.items():
        setattr(ds, name, value)
    return ds


def part10(ds: Dataset, transfer_syntax: str = ExplicitVRLittleEndian) -> bytes:
    """Write a DICOM file."""
    ds.file_meta.TransferSyntaxUID = UID(transfer_syntax)
    out = BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()


def saved(ds: Dataset, folder: Path, transfer_syntax: str = ExplicitVRLittleEndian) -> Path:
    """Write a DICOM file into a folder."""
    path = folder / f"{ds.SOPInstanceUID}.dcm"
    path.write_bytes(part10(ds, transfer_syntax))
    return path


def ramp() -> "np.ndarray[Any, Any]":
    """Give 16 x 24 different samples."""
    return np.arange(16 * 24, dtype=np.uint16).reshape(16, 24)


def path_of(ds: Dataset) -> str:
    """Give the path of an instance under the DICOMweb root."""
    return f"/studies/{ds.StudyInstanceUID}/series/{ds.SeriesInstanceUID}/instances/{ds.SOPInstanceUID}"
