"""Images that other objects refer to: found in the archive, with the frame that is meant."""

from collections.abc import Collection, Mapping
from typing import Any

from archive.retrieve import StoredInstance, instances
from archive.uids import is_valid_uid
from dicomweb.services import Services


def images_of(
    services: Services, tenant: str, study_uid: str, sop_uids: Collection[str]
) -> Mapping[str, StoredInstance]:
    """Find images of a study by their UIDs; those that are not here, or not shown, are missing."""
    wanted = [uid for uid in sop_uids if is_valid_uid(uid)]
    if not wanted:
        return {}
    found = services.archive.database.read(instances, tenant, study_uids=(study_uid,), sop_uids=wanted)
    return {instance.sop_instance_uid: instance for instance in found if instance.rows}


def uid_of(reference: Mapping[str, Any]) -> str:
    """Give the SOP Instance UID of a reference."""
    return str(next(iter(reference.get("00081155", {}).get("Value") or [""])))


def frame_of(reference: Mapping[str, Any]) -> int:
    """Give the first frame that a reference names; all are meant where it names none."""
    value = next(iter(reference.get("00081160", {}).get("Value") or [1]))
    return value if isinstance(value, int) and value > 0 else 1
