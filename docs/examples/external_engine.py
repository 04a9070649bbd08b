"""An engine that pulls work from a node: it claims a step, fetches the images, stores a report, completes the step."""

import os
from datetime import datetime

import httpx
from dicomweb_client.api import DICOMwebClient
from pydicom import Dataset
from pydicom.uid import generate_uid
from text_report import code, report_on

ENGINE = "acme-lungs"  # the name in [[analyzer]]


def performed(report: Dataset, begun: datetime) -> Dataset:
    """Say what must be said before a step is COMPLETED (PS3.4 Table CC.2.5-3)."""
    reference, output, step, said = Dataset(), Dataset(), Dataset(), Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = report.SOPClassUID, report.SOPInstanceUID
    output.TypeOfInstances, output.ReferencedSOPSequence = "DICOM", [reference]
    output.StudyInstanceUID, output.SeriesInstanceUID = report.StudyInstanceUID, report.SeriesInstanceUID
    step.PerformedStationNameCodeSequence = [code("ENGINE1", "99ACME", "The first engine")]
    step.PerformedWorkitemCodeSequence = [code("110004", "DCM", "Computer Aided Detection")]
    step.PerformedProcedureStepStartDateTime = begun.strftime("%Y%m%d%H%M%S")
    step.PerformedProcedureStepEndDateTime = datetime.now().astimezone().strftime("%Y%m%d%H%M%S")
    step.OutputInformationSequence = [output]
    said.UnifiedProcedureStepPerformedProcedureSequence = [step]
    return said


def perform(worklist: httpx.Client, archive: DICOMwebClient, uid: str) -> None:
    """Do one step; its Transaction UID is the lock that no other engine has."""
    begun, lock, state = datetime.now().astimezone(), generate_uid(), Dataset()
    state.TransactionUID, state.ProcedureStepState = lock, "IN PROGRESS"
    if worklist.put(f"/workitems/{uid}/state", json=[state.to_json_dict()]).is_error:
        return  # another engine was faster
    step = Dataset.from_json(worklist.get(f"/workitems/{uid}").json()[0])
    images = step.InputInformationSequence[0]
    slices = archive.retrieve_series(images.StudyInstanceUID, images.SeriesInstanceUID)
    report = report_on(slices[0], f"{len(slices)} slices, no nodules")
    archive.store_instances([report])
    worklist.post(f"/workitems/{uid}", params={"transaction": lock}, json=[performed(report, begun).to_json_dict()])
    state.ProcedureStepState = "COMPLETED"
    worklist.put(f"/workitems/{uid}/state", json=[state.to_json_dict()]).raise_for_status()


def main(url: str, key: str) -> int:
    """Do all steps that wait; give their number."""
    headers = {"Authorization": f"Bearer {key}"}
    archive = DICOMwebClient(f"{url}/dicom-web", headers=headers)
    with httpx.Client(base_url=f"{url}/dicom-web", headers=headers, timeout=60) as worklist:
        wanted = {"ProcedureStepState": "SCHEDULED", "ScheduledWorkitemCodeSequence.CodeValue": ENGINE}
        found = worklist.get("/workitems", params=wanted).raise_for_status().json()
        for each in found:
            perform(worklist, archive, each["00080018"]["Value"][0])
    return len(found)


if __name__ == "__main__":
    main(os.environ["ISOCENTER_URL"], os.environ["ISOCENTER_KEY"])
