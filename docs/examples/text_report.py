"""A plain text report as a DICOM object, for engines that have no SR library."""

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import BasicTextSRStorage, ExplicitVRLittleEndian, generate_uid


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """Make the item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def report_on(image: Dataset, text: str) -> Dataset:
    """Make a Basic Text SR in the study of an image."""
    report = Dataset()
    for keyword in ("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "PatientName"):
        setattr(report, keyword, image.get(keyword, ""))
    report.PatientID, report.PatientBirthDate, report.PatientSex = image.PatientID, "", ""
    report.SOPClassUID, report.SOPInstanceUID = BasicTextSRStorage, generate_uid()
    report.SeriesInstanceUID, report.Modality, report.SeriesNumber, report.InstanceNumber = generate_uid(), "SR", 99, 1
    report.CompletionFlag, report.VerificationFlag, report.ReferringPhysicianName = "COMPLETE", "UNVERIFIED", ""
    report.ValueType, report.ContinuityOfContent = "CONTAINER", "SEPARATE"
    report.ConceptNameCodeSequence = [code("18782-3", "LN", "Radiology Study observation")]
    finding = Dataset()
    finding.RelationshipType, finding.ValueType, finding.TextValue = "CONTAINS", "TEXT", text
    finding.ConceptNameCodeSequence = [code("121071", "DCM", "Finding")]
    report.ContentSequence, report.file_meta = [finding], FileMetaDataset()
    report.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return report
