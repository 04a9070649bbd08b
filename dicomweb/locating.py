"""From the path of a request to the stored instances it names (PS3.18 Section 10.4.1)."""

from collections.abc import Mapping
from pathlib import Path

from archive.errors import NotFound
from archive.retrieve import StoredInstance, instances
from archive.uids import is_valid_uid
from dicomweb.services import Services

_NAMES = ("study_uid", "series_uid", "sop_uid")


async def locate(services: Services, tenant: str, path: Mapping[str, str]) -> list[StoredInstance]:
    """Find the instances of a study, a series, or one instance, in their order.

    Raises
    ------
    NotFound
        There are none, or none that are shown.
    """
    uids = {name: (path[name],) for name in _NAMES if name in path}
    if not all(is_valid_uid(uid) for (uid,) in uids.values()):
        raise NotFound("The path has something else where a UID should be.")
    found = await services.database.read(
        instances,
        tenant,
        study_uids=uids.get("study_uid", ()),
        series_uids=uids.get("series_uid", ()),
        sop_uids=uids.get("sop_uid", ()),
    )
    if not found:
        raise NotFound
    return found


async def locate_one(services: Services, tenant: str, path: Mapping[str, str]) -> StoredInstance:
    """Find the one instance that the path names."""
    return (await locate(services, tenant, path))[0]


def file_of(services: Services, instance: StoredInstance) -> Path:
    """Give the file of an instance."""
    return services.archive.blobs.path(instance.key)


def url_of(base: str, instance: StoredInstance) -> str:
    """Give the address of an instance under the DICOMweb root."""
    return (
        f"{base}/studies/{instance.study_instance_uid}/series/{instance.series_instance_uid}"
        f"/instances/{instance.sop_instance_uid}"
    )
