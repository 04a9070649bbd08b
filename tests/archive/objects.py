"""Objects for tests of the archive: small data sets, their bytes in any transfer syntax, and ways to send them."""

import io
import zlib
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from archive.ingest import Archive, Stored
from archive.origin import Origin, OriginKind

STUDY = "1.2.826.0.1.3680043.8.498.1"
SERIES = "1.2.826.0.1.3680043.8.498.1.1"
ORIGIN = Origin(kind=OriginKind.DIMSE, ae_title="MODALITY1", address="192.0.2.7", association_id=5)


def sop_uid(number: int) -> str:
    """Return the SOP Instance UID of the slice with this number."""
    return f"{SERIES}.{number}"


def ct_slice(number: int = 1, **changes: Any) -> Dataset:
    """Return a CT slice of 16 x 16 pixels. `changes` set attributes by keyword; None removes one."""
    data_set = Dataset()
    data_set.SpecificCharacterSet = "ISO_IR 192"
    data_set.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data_set.SOPClassUID = CTImageStorage
    data_set.SOPInstanceUID = sop_uid(number)
    data_set.StudyInstanceUID, data_set.SeriesInstanceUID = STUDY, SERIES
    data_set.StudyDate, data_set.StudyTime = "20260102", "101112"
    data_set.AccessionNumber = "A1"
    data_set.Modality = "CT"
    data_set.StudyDescription, data_set.SeriesDescription = "Chest", "Lung 1.0"
    data_set.PatientName, data_set.PatientID = "Doe^Jane", "P1"
    data_set.InstanceNumber = number
    data_set.Rows = data_set.Columns = 16
    data_set.BitsAllocated, data_set.BitsStored, data_set.HighBit = 16, 12, 11
    data_set.SamplesPerPixel, data_set.PixelRepresentation = 1, 0
    data_set.PhotometricInterpretation = "MONOCHROME2"
    data_set.add_new(0x7FE00010, "OW", bytes(range(256)) * 2)
    for keyword, value in changes.items():
        if value is None:
            delattr(data_set, keyword)
        else:
            setattr(data_set, keyword, value)
    return data_set


def encode(data_set: Dataset, transfer_syntax_uid: str = ExplicitVRLittleEndian) -> bytes:
    """Return the data set's bytes without file meta information."""
    buffer = io.BytesIO()
    implicit, little = transfer_syntax_uid == ImplicitVRLittleEndian, transfer_syntax_uid != ExplicitVRBigEndian
    pydicom.dcmwrite(buffer, data_set, implicit_vr=implicit, little_endian=little, enforce_file_format=False)
    content = buffer.getvalue()
    if transfer_syntax_uid == DeflatedExplicitVRLittleEndian:
        deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return deflater.compress(content) + deflater.flush()
    return content


def send(
    archive: Archive,
    content: bytes,
    *,
    sop_instance_uid: str = sop_uid(1),
    sop_class_uid: str = CTImageStorage,
    transfer_syntax_uid: str = ExplicitVRLittleEndian,
    origin: Origin = ORIGIN,
) -> Stored:
    """Give a data set's bytes to the archive as C-STORE does."""
    spool = archive.spool(
        sop_class_uid=sop_class_uid, sop_instance_uid=sop_instance_uid, transfer_syntax_uid=transfer_syntax_uid
    )
    try:
        spool.write(content)
    except BaseException:
        spool.discard()
        raise
    return archive.receive(spool.finish(), origin)


def send_slice(archive: Archive, number: int = 1, *, origin: Origin = ORIGIN, **changes: Any) -> Stored:
    """Give a CT slice to the archive."""
    data_set = ct_slice(number, **changes)
    return send(archive, encode(data_set), sop_instance_uid=data_set.SOPInstanceUID, origin=origin)
