"""The objects of the benchmark of queries as files: tiny, with the attributes that the index of the node has."""

from io import BytesIO

from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.benchmarks import query_index


def file_of(number: int) -> bytes:
    """Write the one object of a study as a Part 10 file."""
    about = query_index.about(number)
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = query_index.CT_IMAGE, f"{query_index.series_uid(number)}.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = query_index.study_uid(number), query_index.series_uid(number)
    dataset.PatientID, dataset.PatientName = about["patient_id"], about["patient_name"]
    dataset.PatientBirthDate, dataset.PatientSex = about["patient_birth_date"], about["patient_sex"]
    dataset.StudyDate, dataset.StudyTime = about["study_date"], about["study_time"]
    dataset.AccessionNumber, dataset.StudyID = about["accession_number"], about["study_id"]
    dataset.StudyDescription = about["study_description"]
    dataset.ReferringPhysicianName = about["referring_physician_name"]
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "CT", 1, 1
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta = meta
    written = BytesIO()
    dcmwrite(written, dataset, enforce_file_format=True)
    return written.getvalue()
