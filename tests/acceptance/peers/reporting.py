"""A modality that reports what it performs, with pynetdicom's SCU (PS3.4 Annex F)."""

from pydicom import Dataset
from pynetdicom import AE

from tests.scp.procedures import MPPS, begun


def report_begin(port: int, scheduled: Dataset, sop_instance_uid: str) -> None:
    """N-CREATE a step IN PROGRESS for what the worklist told."""
    start = begun()
    [attributes] = start.ScheduledStepAttributesSequence
    attributes.StudyInstanceUID = scheduled.StudyInstanceUID
    [step] = scheduled.ScheduledProcedureStepSequence
    attributes.ScheduledProcedureStepID = step.ScheduledProcedureStepID
    ae = AE(ae_title="MODALITY1")
    ae.add_requested_context(MPPS)
    association = ae.associate("127.0.0.1", port, ae_title="ISOCENTER")
    assert association.is_established
    status, _ = association.send_n_create(start, MPPS, sop_instance_uid)
    association.release()
    assert status.Status == 0
