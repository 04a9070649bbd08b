"""Patient, study and equipment of a result: copied from the images, repaired where they are not legal."""

from datetime import datetime, timedelta, timezone

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from analysis.findings import Code
from analysis.results.items import code_item
from analysis.results.patient import copy_patient_and_study
from analysis.results.run import Run
from analysis.results.uids import uid_of

MANUFACTURER = "Isocenter"
MODEL = "Isocenter"
SOFTWARE_VERSION = "0.1.0"
IMPLEMENTATION_CLASS_UID = uid_of("implementation", "analysis")
IMPLEMENTATION_VERSION_NAME = "ISOCENTER_01"

_UTF_8 = "ISO_IR 192"
_PROCESSING_EQUIPMENT = Code("109102", "DCM", "Processing Equipment")


def new_result(run: Run, *, modality: str, sop_class_uid: str, kind: str, number: int) -> Dataset:
    """Start a result: patient, study, series, equipment and SOP common modules.

    Parameters
    ----------
    kind
        Distinguishes the run's objects; UIDs of series and instance follow from it.
    number
        Added to the model's series number base.
    """
    ds = Dataset()
    ds.SpecificCharacterSet = _UTF_8
    copy_patient_and_study(ds, run.series.header)
    ds.SOPClassUID = sop_class_uid
    ds.SOPInstanceUID = run.uid(kind, "instance")
    ds.SeriesInstanceUID = run.uid(kind, "series")
    ds.SeriesNumber = run.algorithm.series_number_base + number
    ds.InstanceNumber = 1
    ds.Modality = modality
    ds.SeriesDescription = run.algorithm.series_description
    _stamp(ds, run)
    _equipment(ds, run)
    if run.algorithm.is_mock:
        ds.ContentQualification = "RESEARCH"
    return ds


def timezone_of(source: Dataset, created: datetime) -> timezone:
    """Give the images' time zone, so that copied and own times agree; else the zone of `created`."""
    text = str(source.get("TimezoneOffsetFromUTC") or "")
    signed = 5
    if len(text) == signed and text[0] in "+-" and text[1:].isdigit():
        minutes = int(text[1:3]) * 60 + int(text[3:5])
        if minutes < 24 * 60:
            return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
    return timezone(created.utcoffset() or timedelta())


def file_meta(ds: Dataset, transfer_syntax_uid: str) -> FileMetaDataset:
    """Make the file meta information of a result (PS3.10 7.1)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    meta.TransferSyntaxUID = UID(transfer_syntax_uid)
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    return meta


def _stamp(ds: Dataset, run: Run) -> None:
    """Dates and times, all from the run's creation: a repeated attempt gives the same bytes."""
    zone = timezone_of(run.series.header, run.created)
    local = run.created.astimezone(zone)
    offset = int((local.utcoffset() or timedelta()).total_seconds() // 60)
    ds.TimezoneOffsetFromUTC = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}{abs(offset) % 60:02d}"
    ds.ContentDate = ds.SeriesDate = ds.InstanceCreationDate = local.strftime("%Y%m%d")
    ds.ContentTime = ds.SeriesTime = ds.InstanceCreationTime = local.strftime("%H%M%S")


def _equipment(ds: Dataset, run: Run) -> None:
    """Say that this node made the object, and which model contributed (PS3.3 C.7.5.1, C.7.5.2, C.12.1)."""
    ds.Manufacturer = MANUFACTURER
    ds.ManufacturerModelName = MODEL
    ds.SoftwareVersions = SOFTWARE_VERSION
    ds.DeviceSerialNumber = "1"
    algorithm = run.algorithm
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = [code_item(_PROCESSING_EQUIPMENT)]
    item.Manufacturer = algorithm.manufacturer
    item.ManufacturerModelName = algorithm.name
    item.SoftwareVersions = algorithm.version
    item.DeviceUID = algorithm.device_uid
    ds.ContributingEquipmentSequence = [item]
