"""C-GET with pynetdicom's SCU: what a node sends, as the bytes that came over the wire (PS3.4 Section C.4.3)."""

from collections.abc import Iterable
from typing import Any

from pydicom import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at run time
    StudyRootQueryRetrieveInformationModelGet,
)


def c_get(port: int, study_instance_uid: str, contexts: Iterable[tuple[str, str]]) -> dict[str, tuple[str, bytes]]:
    """Retrieve a study.

    Parameters
    ----------
    port
        Where the node listens.
    study_instance_uid
        The study.
    contexts
        SOP classes and transfer syntaxes to take; each pair is a presentation context of its own.

    Returns
    -------
    dict
        Transfer syntax and data set of each object, by its SOP Instance UID.
    """
    received: dict[str, tuple[str, bytes]] = {}

    def keep(event: evt.Event) -> int:
        request: Any = event.request
        content = request.DataSet.getvalue()
        received[str(request.AffectedSOPInstanceUID)] = (str(event.context.transfer_syntax), content)
        return 0

    contexts = sorted(set(contexts))
    ae = AE(ae_title="MODALITY1")
    ae.add_requested_context(StudyRootQueryRetrieveInformationModelGet)
    for sop_class, syntax in contexts:
        ae.add_requested_context(sop_class, syntax)
    roles: list[Any] = [build_role(sop_class, scp_role=True) for sop_class in {sop_class for sop_class, _ in contexts}]
    association = ae.associate(
        "127.0.0.1", port, ae_title="ISOCENTER", ext_neg=roles, evt_handlers=[(evt.EVT_C_STORE, keep)]
    )
    assert association.is_established
    identifier = Dataset()
    identifier.QueryRetrieveLevel, identifier.StudyInstanceUID = "STUDY", study_instance_uid
    *_, (status, _) = association.send_c_get(identifier, StudyRootQueryRetrieveInformationModelGet)
    association.release()
    assert status.Status == 0, f"C-GET ended with {status.Status:04X}"
    return received
