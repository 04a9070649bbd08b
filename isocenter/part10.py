"""A DICOM file as the senders need it described (PS3.10 Section 7.1)."""

from pathlib import Path

from pydicom.filereader import read_file_meta_info

from archive.retrieve import StoredInstance
from archive.uids import SeriesInstanceUID, SOPClassUID, SOPInstanceUID, StudyInstanceUID, TransferSyntaxUID

# Preamble, prefix, and the group length element, whose value is the length of what follows it.
_BEFORE_META = 128 + 4 + 12


def describe(path: Path) -> StoredInstance:
    """Describe a Part 10 file: what it is, and where its data set begins. Its key is its name."""
    meta = read_file_meta_info(path)
    offset = _BEFORE_META + int(meta.FileMetaInformationGroupLength)
    return StoredInstance(
        patient_id="",
        study_instance_uid=StudyInstanceUID(""),
        series_instance_uid=SeriesInstanceUID(""),
        sop_instance_uid=SOPInstanceUID(str(meta.MediaStorageSOPInstanceUID)),
        sop_class_uid=SOPClassUID(str(meta.MediaStorageSOPClassUID)),
        transfer_syntax_uid=TransferSyntaxUID(str(meta.TransferSyntaxUID)),
        modality="",
        instance_number=None,
        key=path.name,
        data_offset=offset,
        size=path.stat().st_size - offset,
        content_hash="",
        number_of_frames=None,
        rows=None,
        columns=None,
        hidden=False,
    )
