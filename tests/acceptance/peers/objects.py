"""Small CT objects, right or wrong, as bytes."""

import io
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def ct_slice(**changes: Any) -> Dataset:
    """Return a 16x16 CT slice; a change to None leaves the element out."""
    values: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": generate_uid(),
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "PatientName": "Test^Acceptance",
        "PatientID": "ACC-1",
        "PatientBirthDate": "19700101",
        "PatientSex": "O",
        "StudyDate": "20260105",
        "StudyTime": "101500",
        "AccessionNumber": "A1",
        "StudyID": "1",
        "Modality": "CT",
        "SeriesNumber": 1,
        "InstanceNumber": 1,
        "Rows": 16,
        "Columns": 16,
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 0,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "PixelData": np.arange(256, dtype="<u2").tobytes(),
    }
    ds = Dataset()
    for keyword, value in {**values, **changes}.items():
        if value is not None:
            setattr(ds, keyword, value)
    return ds


def encoded(ds: Dataset, *, implicit: bool = False) -> bytes:
    """Encode a data set in Explicit (or Implicit) VR Little Endian."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = implicit, True
    write_dataset(buffer, ds)
    return bytes(buffer.getvalue())


def part10(ds: Dataset) -> bytes:
    """Encode a data set as a DICOM file (PS3.10)."""
    buffer = io.BytesIO()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def nested_sequences(depth: int) -> bytes:
    """Encode a Request Attributes Sequence within itself, `depth` deep, in Explicit VR Little Endian."""
    opened = b"\x40\x00\x75\x02SQ\x00\x00\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closed = b"\xfe\xff\x0d\xe0\x00\x00\x00\x00" + b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
    return opened * depth + closed * depth
