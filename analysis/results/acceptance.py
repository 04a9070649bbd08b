"""A person's acceptance of a report: a new, verified, final document (PS3.3 C.17.2).

This module runs in the web process: nothing here needs pixel data or a model.
"""

from copy import deepcopy
from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.uid import UID

from analysis.results.evidence import predecessor_reference
from analysis.results.header import timezone_of
from analysis.results.uids import uid_of


def accept(report: Dataset, *, person_name: str, time: datetime, organization: str = "Isocenter") -> Dataset:
    """Give the verified report that follows `report`; the report itself is left as it is.

    Parameters
    ----------
    report
        A preliminary report of this node, with its file meta information.
    person_name
        Who accepts it, as a DICOM person name ("Family^Given"); a plain name is taken as it is.
    time
        When, with time zone.
    organization
        Verifying Organization (Type 1).
    """
    accepted = deepcopy(report)
    local = time.astimezone(timezone_of(report, time))
    stamp = local.strftime("%Y%m%d%H%M%S")
    previous = str(report.SOPInstanceUID)
    accepted.SOPInstanceUID = UID(uid_of("accepted", previous, person_name, stamp))
    accepted.SeriesInstanceUID = UID(uid_of("accepted series", previous, person_name, stamp))
    accepted.SeriesNumber = int(report.get("SeriesNumber") or 0) + 5
    for name in ("Content", "InstanceCreation", "Series"):
        setattr(accepted, f"{name}Date", stamp[:8])
        setattr(accepted, f"{name}Time", stamp[8:])
    accepted.VerificationFlag = "VERIFIED"
    accepted.PreliminaryFlag = "FINAL"
    accepted.VerifyingObserverSequence = [_observer(person_name, organization, stamp)]
    accepted.PredecessorDocumentsSequence = [predecessor_reference(report)]
    accepted.file_meta = deepcopy(report.file_meta)
    accepted.file_meta.MediaStorageSOPInstanceUID = accepted.SOPInstanceUID
    return accepted


def _observer(person_name: str, organization: str, stamp: str) -> Dataset:
    observer = Dataset()
    observer.VerifyingOrganization = organization[:64]
    observer.VerificationDateTime = stamp
    observer.VerifyingObserverName = person_name
    observer.VerifyingObserverIdentificationCodeSequence = []
    return observer
