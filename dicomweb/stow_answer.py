"""The Store Instances Response (PS3.18 Table 10.5.3-1 and Annex I)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from dicomweb.problems import bad_request
from dicomweb.stow_keeping import FailedObject, Keeping, StoredObject


def store_response(keeping: Keeping, base: str) -> tuple[HTTPStatus, Mapping[str, Any]]:
    """Say what became of the objects of a request, in the DICOM JSON Model.

    There is never a Warning Reason: the node changes nothing of what it stores.

    Parameters
    ----------
    keeping
        Knows it.
    base
        The address of the DICOMweb root.

    Raises
    ------
    Problem
        400 when there was nothing at all.
    """
    if not keeping.stored and not keeping.failed:
        raise bad_request("There is no object in the request.")
    studies = {stored.study_instance_uid for stored in keeping.stored}
    # Of type 2: there is no such address when the objects are of several studies.
    url = [f"{base}/studies/{studies.pop()}"] if len(studies) == 1 else []
    document: dict[str, Any] = {"00081190": {"vr": "UR", "Value": url} if url else {"vr": "UR"}}
    sequences = {
        "00081198": [_failed(failed) for failed in keeping.failed if failed.is_named],
        "00081199": [_stored(stored, base) for stored in keeping.stored],
        # What cannot be named has a sequence of its own.
        "0008119A": [_reason(failed) for failed in keeping.failed if not failed.is_named],
    }
    return _status(keeping), document | {tag: {"vr": "SQ", "Value": items} for tag, items in sequences.items() if items}


def locations(document: Mapping[str, Any]) -> dict[str, str]:
    """Give the headers that name what was created (PS3.18 Table 10.5.3-2): the object, or what all of them are in.

    Where they are of several studies, there is no one resource that was created.
    """
    stored = document.get("00081199", {"Value": ()})["Value"]
    created = stored[0] if len(stored) == 1 else document
    urls = created["00081190"].get("Value", ())
    return {name: url for url in urls for name in ("Location", "Content-Location")} if stored else {}


def _status(keeping: Keeping) -> HTTPStatus:
    """Give the status: where all objects fail for want of resources, it says so, and not that there is a conflict."""
    if not keeping.failed:
        return HTTPStatus.OK
    if keeping.stored:
        return HTTPStatus.ACCEPTED
    found = {failed.status for failed in keeping.failed}
    if HTTPStatus.CONFLICT in found:
        return HTTPStatus.CONFLICT
    return found.pop() if len(found) == 1 else HTTPStatus.SERVICE_UNAVAILABLE


def _stored(stored: StoredObject, base: str) -> Mapping[str, Any]:
    url = (
        f"{base}/studies/{stored.study_instance_uid}/series/{stored.series_instance_uid}"
        f"/instances/{stored.sop_instance_uid}"
    )
    return {
        "00081150": _text("UI", stored.sop_class_uid),
        "00081155": _text("UI", stored.sop_instance_uid),
        "00081190": _text("UR", url),
    }


def _failed(failed: FailedObject) -> Mapping[str, Any]:
    uids = {"00081150": _text("UI", failed.sop_class_uid), "00081155": _text("UI", failed.sop_instance_uid)}
    return {**uids, **_reason(failed)}


def _reason(failed: FailedObject) -> Mapping[str, Any]:
    return {"00081197": {"vr": "US", "Value": [failed.reason]}}


def _text(vr: str, value: str) -> Mapping[str, Sequence[str] | str]:
    return {"vr": vr, "Value": [value]}
