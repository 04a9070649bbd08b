"""From the path of a request to the stored instances it names (PS3.18 Section 10.4.1)."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from archive.errors import NotFound
from archive.remembered_reads import RememberedReads
from archive.retrieve import StoredInstance, instances, one_instance
from archive.uids import is_valid_uid
from dicomweb.services import ImageServices, Services

_NAMES: Final = ("study_uid", "series_uid", "sop_uid")


async def locate(services: Services, tenant: str, path: Mapping[str, str]) -> list[StoredInstance]:
    """Find the instances of a study, a series, or one instance, in their order.

    Raises
    ------
    NotFound
        There are none, or none that are shown.
    """
    return _some(await services.database.read(_picked, tenant, _uids(path)))


def find(services: Services, tenant: str, path: Mapping[str, str]) -> list[StoredInstance]:
    """Find the same from a thread that goes on with them: changes of thread cost more than small answers do."""
    if "sop_uid" in path:
        return [find_one(services, tenant, path)]
    return _some(services.archive.database.read(_picked, tenant, _uids(path)))


class Instances:
    """The instances that were asked for one by one, found at once while nothing changes in the archive.

    Parameters
    ----------
    services
        Where they are found.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def _found(self) -> RememberedReads[StoredInstance | None]:
        return RememberedReads(self._services.database)

    async def one(self, tenant: str, path: Mapping[str, str]) -> StoredInstance:
        """Find the one instance that the path names.

        Raises
        ------
        NotFound
            It is not there, or not shown.
        """
        key = (tenant, *_uids(path))
        _, (study_uid,), (series_uid,), (sop_uid,) = key
        uids = {"study_uid": study_uid, "series_uid": series_uid, "sop_uid": sop_uid}
        found = await self._found.read(key, one_instance, tenant, **uids)
        return _some([found] if found else [])[0]


def find_one(services: Services, tenant: str, path: Mapping[str, str]) -> StoredInstance:
    """Find the one instance that the path names."""
    ((study_uid,), (series_uid,), (sop_uid,)) = _uids(path)
    read = services.archive.database.read
    found = read(one_instance, tenant, study_uid=study_uid, series_uid=series_uid, sop_uid=sop_uid)
    return _some([found] if found else [])[0]


def _uids(path: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Give the UIDs of study, series and instance, as far as they are named."""
    uids: list[tuple[str, ...]] = [(path[name],) if name in path else () for name in _NAMES]
    if not all(is_valid_uid(uid) for named in uids for uid in named):
        raise NotFound("The path has something else where a UID should be.")
    return uids


def _picked(connection: Any, tenant: str, uids: Sequence[tuple[str, ...]]) -> list[StoredInstance]:
    study_uids, series_uids, sop_uids = uids
    return instances(connection, tenant, study_uids=study_uids, series_uids=series_uids, sop_uids=sop_uids)


def _some(found: list[StoredInstance]) -> list[StoredInstance]:
    if not found:
        raise NotFound
    return found


def file_of(services: ImageServices, instance: StoredInstance) -> Path:
    """Give the file of an instance."""
    return services.blobs.path(instance.key)


def url_of(base: str, instance: StoredInstance) -> str:
    """Give the address of an instance under the DICOMweb root."""
    return (
        f"{base}/studies/{instance.study_instance_uid}/series/{instance.series_instance_uid}"
        f"/instances/{instance.sop_instance_uid}"
    )
