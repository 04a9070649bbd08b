"""What an order says of patient, request and step, as DICOM attributes (IHE RAD TF-2 Appendix B)."""

from collections.abc import Mapping, Sequence
from typing import Any

from archive import order_values as values
from archive.errors import NotParsable
from archive.hl7 import Segment, first
from archive.uids import is_valid_uid


def of_patient(patient: Segment, visit: Segment | None) -> dict[str, Any]:
    """Return the attributes of the patient and the visit, by their keywords.

    Raises
    ------
    NotParsable
        PID does not say who it is.
    """
    patient_id, name = patient.text(3), values.person(patient, 5)
    if not patient_id:
        raise NotParsable("PID-3 has no value: the Patient ID.")
    if not name:
        raise NotParsable("PID-5 has no value: the Patient's Name.")
    return {
        "PatientID": values.identifier(patient_id, "PID-3", "LO"),
        "IssuerOfPatientID": values.description(patient.text(3, 4) or patient.text(3, 4, 2)),
        "PatientName": name,
        "PatientBirthDate": values.birth_date(patient, 7),
        "PatientSex": values.sex(patient.text(8)),
        "ReferringPhysicianName": values.person(visit, 8, offset=1) if visit else "",
        "AdmissionID": values.identifier(visit.text(19), "PV1-19", "LO") if visit else "",
    }


def of_request(order: Segment, request: Segment) -> dict[str, Any]:
    """Return what ORC and OBR say of the imaging service request and the requested procedure."""
    procedure = values.code(request, 44) or values.code(request, 4)
    name = request.text(44, 2) or request.text(4, 2) or request.text(4, 1)
    return {
        "PlacerOrderNumberImagingServiceRequest": values.identifier(order.text(2), "ORC-2", "LO"),
        "FillerOrderNumberImagingServiceRequest": values.identifier(order.text(3), "ORC-3", "LO"),
        "RequestingPhysician": values.person(order, 12, offset=1) or values.person(request, 16, offset=1),
        "RequestedProcedureDescription": values.description(name),
        "RequestedProcedureCodeSequence": procedure,
        "RequestedProcedurePriority": values.priority(order.text(7, 6) or request.text(27, 6)),
        "PatientState": values.description(request.text(12, 2) or request.text(12)),
        "PatientTransportArrangements": values.description(request.text(30)),
        "ReasonForTheRequestedProcedure": values.description(request.text(31, 2) or request.text(31)),
    }


def of_steps(order: Segment, request: Segment, group: Sequence[Segment]) -> list[dict[str, Any]]:
    """Return the attributes of each step of an order: one for each IPC, or the one that OBR itself describes.

    Raises
    ------
    NotParsable
        A field that a modality must be told is missing or wrong.
    """
    start = _start(order, request, group)
    protocol = values.code(request, 4, offset=3)
    text = values.description(request.text(4, 5) or request.text(4, 2) or request.text(4, 1))
    details = [segment for segment in group if segment.name == "IPC"]
    if not details:
        return [_of_obr(order, request, first(group, "ZDS"), {**start, **_protocol(protocol, text)})]
    return [
        _of_ipc(detail, order, {**start, **_protocol(values.code(detail, 6) or protocol, detail.text(6, 2) or text)})
        for detail in details
    ]


def _protocol(codes: Sequence[Mapping[str, Any]], text: str) -> dict[str, Any]:
    return {"ScheduledProtocolCodeSequence": codes, "ScheduledProcedureStepDescription": values.description(text)}


def _of_obr(order: Segment, request: Segment, study: Segment | None, step: Mapping[str, Any]) -> dict[str, Any]:
    """Read the step as ORM has it: identifiers in fields that HL7 leaves to both sides, the study in ZDS."""
    return {
        "StudyInstanceUID": _uid(study, 1) if study else "",
        "RequestedProcedureID": values.identifier(request.text(19), "OBR-19", "SH"),
        "AccessionNumber": _accession_number(request.text(18), "OBR-18", order),
        "ScheduledProcedureStepSequence": [
            {
                **step,
                "ScheduledProcedureStepID": values.identifier(request.text(20), "OBR-20", "SH"),
                "Modality": _required(request, 24, "CS", "the modality"),
                "ScheduledStationAETitle": _required(request, 21, "AE", "the AE title of the station"),
            }
        ],
    }


def _of_ipc(detail: Segment, order: Segment, step: Mapping[str, Any]) -> dict[str, Any]:
    """Read the step as OMI has it: the segment IPC is made for it."""
    return {
        "StudyInstanceUID": _uid(detail, 3),
        "RequestedProcedureID": values.identifier(detail.text(2), "IPC-2", "SH"),
        "AccessionNumber": _accession_number(detail.text(1), "IPC-1", order),
        "ScheduledProcedureStepSequence": [
            {
                **step,
                "ScheduledProcedureStepID": values.identifier(detail.text(4), "IPC-4", "SH"),
                "Modality": _required(detail, 5, "CS", "the modality"),
                "ScheduledStationName": values.identifier(detail.text(7), "IPC-7", "SH"),
                "ScheduledProcedureStepLocation": values.identifier(detail.text(8), "IPC-8", "SH"),
                "ScheduledStationAETitle": _required(detail, 9, "AE", "the AE title of the station"),
            }
        ],
    }


def _start(order: Segment, request: Segment, group: Sequence[Segment]) -> dict[str, Any]:
    """Find when the step begins: TQ1 of version 2.5, or the timing fields of the versions before."""
    timing = first(group, "TQ1")
    told = (
        (timing.text(7) if timing else "", "TQ1-7"),
        (order.text(7, 4), "ORC-7.4"),
        (request.text(27, 4), "OBR-27.4"),
        (request.text(36), "OBR-36"),
    )
    value, where = next(((value, where) for value, where in told if value), ("", ""))
    if not value:
        raise NotParsable(f"None of {', '.join(place for _, place in told)} has a value: the start date and time.")
    date, time = values.moment(value, where)
    if not time:
        raise NotParsable(f"{where} has a date without a time: the start date and time.")
    return {"ScheduledProcedureStepStartDate": date, "ScheduledProcedureStepStartTime": time}


def _accession_number(value: str, where: str, order: Segment) -> str:
    """Take the accession number, or else the number under which the one who fills the order keeps it."""
    if value:
        return values.identifier(value, where, "SH")
    filler = order.text(3)
    return filler if len(filler) <= values.LENGTHS["SH"] else ""


def _required(segment: Segment, field: int, vr: str, what: str) -> str:
    value = segment.text(field)
    if not value:
        raise NotParsable(f"{segment.name}-{field} has no value: {what}.")
    return values.identifier(value, f"{segment.name}-{field}", vr)


def _uid(segment: Segment, field: int) -> str:
    """Read a UID: the first component, or the universal ID of an entity identifier."""
    value = segment.text(field) or segment.text(field, 3)
    if value and not is_valid_uid(value):
        raise NotParsable(f"{segment.name}-{field} is not a UID: the Study Instance UID.")
    return value
