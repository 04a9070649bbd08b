"""Worklist entries and procedure steps for tests."""

from typing import Any

from pydicom import Dataset
from pydicom.sequence import Sequence
from pynetdicom import AE
from pynetdicom.association import Association

from archive import scheduling
from archive.attribute_lists import from_keywords
from tests.scp.running import Node

WORKLIST = "1.2.840.10008.5.1.4.31"
MPPS = "1.2.840.10008.3.1.2.3.3"
STUDY = "1.2.826.0.1.3680043.8.498.1"
START = 1_000_000.0


def entry(**changes: Any) -> dict[str, Any]:
    """Write a worklist entry as the API takes it; changes of the step are in `step`."""
    step = {
        "ScheduledStationAETitle": "CT1",
        "ScheduledProcedureStepStartDate": "20260706",
        "ScheduledProcedureStepStartTime": "093000",
        "Modality": "CT",
        "ScheduledPerformingPhysicianName": "Curie^Marie",
        "ScheduledProcedureStepDescription": "CT Thorax",
        "ScheduledProcedureStepID": "S1",
        **changes.pop("step", {}),
    }
    return {
        "PatientName": "Müller^Änne",
        "PatientID": "P1",
        "PatientBirthDate": "19700101",
        "PatientSex": "F",
        "AccessionNumber": "A1",
        "RequestedProcedureID": "R1",
        "RequestedProcedureDescription": "Thorax",
        "StudyInstanceUID": STUDY,
        "ReferringPhysicianName": None,
        "ScheduledProcedureStepSequence": [step],
        **changes,
    }


def schedule(node: Node, *entries: dict[str, Any]) -> list[dict[str, Any]]:
    """Put entries on the node's worklist."""
    return [
        node.database.write(scheduling.add, "default", from_keywords(each), principal="ris", now=START)
        for each in entries
    ]


def associate(node: Node, *classes: str, calling: str = "MODALITY1") -> Association:
    """Associate as a modality does."""
    ae = AE(ae_title=calling)
    for uid in classes or (WORKLIST, MPPS):
        ae.add_requested_context(uid)
    association = ae.associate("127.0.0.1", node.port, ae_title="ISOCENTER")
    assert association.is_established
    return association


def query(step: dict[str, Any] | None = None, **keys: Any) -> Dataset:
    """Write the identifier of a worklist query."""
    identifier, item = Dataset(), Dataset()
    identifier.SpecificCharacterSet = keys.pop("SpecificCharacterSet", "ISO_IR 192")
    for keyword, value in {"PatientName": "", "PatientID": "", "StudyInstanceUID": "", **keys}.items():
        setattr(identifier, keyword, value)
    wanted = {"ScheduledStationAETitle": "", "ScheduledProcedureStepStartDate": "", "Modality": "", **(step or {})}
    for keyword, value in wanted.items():
        setattr(item, keyword, value)
    identifier.ScheduledProcedureStepSequence = Sequence([item])
    return identifier


def begun(**changes: Any) -> Dataset:
    """Write the attributes of an N-CREATE."""
    dataset, scheduled = Dataset(), Dataset()
    scheduled.StudyInstanceUID, scheduled.AccessionNumber = STUDY, "A1"
    scheduled.ScheduledProcedureStepID, scheduled.RequestedProcedureID = "S1", "R1"
    scheduled.ReferencedStudySequence = Sequence([])
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.ScheduledStepAttributesSequence = Sequence([scheduled])
    dataset.PatientName, dataset.PatientID = "Müller^Änne", "P1"
    dataset.PatientBirthDate, dataset.PatientSex = "19700101", "F"
    dataset.PerformedProcedureStepID, dataset.PerformedStationAETitle = "PPS1", "CT1"
    dataset.PerformedProcedureStepStartDate, dataset.PerformedProcedureStepStartTime = "20260706", "0931"
    dataset.PerformedProcedureStepStatus, dataset.Modality = "IN PROGRESS", "CT"
    dataset.PerformedProcedureStepEndDate = dataset.PerformedProcedureStepEndTime = ""
    dataset.PerformedSeriesSequence = Sequence([])
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    return dataset


def ended(status: str, *instances: str, series: str = "1.2.3.4", **changes: Any) -> Dataset:
    """Write the attributes of the N-SET that ends a step, with the instances of one series."""
    dataset, performed = Dataset(), Dataset()
    dataset.PerformedProcedureStepStatus = status
    dataset.PerformedProcedureStepEndDate, dataset.PerformedProcedureStepEndTime = "20260706", "0945"
    performed.SeriesInstanceUID, performed.ProtocolName = series, "Thorax"
    performed.ReferencedImageSequence = Sequence([_reference(uid) for uid in instances])
    dataset.PerformedSeriesSequence = Sequence([performed])
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    return dataset


def _reference(uid: str) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", uid
    return reference
