"""Storing objects that belong to no patient (PS3.18 Section 12.5), by the same way as those that do."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request

from archive.errors import SopClassNotSupported, UidMismatch
from archive.ingest import Archive
from archive.non_patient_classes import Kind
from archive.origin import Origin
from archive.spool import Spooled
from archive.uids import is_valid_uid
from dicomweb.problems import bad_request
from dicomweb.services import Services
from dicomweb.stow import Stow
from dicomweb.stow_keeping import Keeping

_RETRIEVE_URL: Final = "00081190"
_REFERENCED_SOP_SEQUENCE: Final = "00081199"
_REFERENCED_SOP_INSTANCE_UID: Final = "00081155"


class NonPatientKeeping(Keeping):
    """Keeps the objects of one request, and only those of the kind that its resource has.

    Parameters
    ----------
    archive
        Where they go.
    origin
        Who sends them.
    kind
        What they must be.
    sop_instance_uid
        Which one it must be; none for any.
    """

    def __init__(self, archive: Archive, origin: Origin, kind: Kind, sop_instance_uid: str | None) -> None:
        super().__init__(archive, origin, None)
        self._kind = kind
        self._sop_instance_uid = sop_instance_uid

    def _require_study(self, spooled: Spooled) -> None:
        if spooled.sop_class_uid not in self._kind.sop_classes:
            raise SopClassNotSupported("It has another resource.")
        if self._sop_instance_uid not in {None, spooled.sop_instance_uid}:
            raise UidMismatch


class NonPatientStore(Stow):
    """The handler of POST.

    Parameters
    ----------
    services
        What it works with.
    kind
        What is stored.
    """

    def __init__(self, services: Services, kind: Kind) -> None:
        super().__init__(services)
        self._kind = kind

    def _keeping(self, request: Request, origin: Origin) -> Keeping:
        uid = request.path_params.get("sop_uid")
        if uid is not None and not is_valid_uid(uid):
            raise bad_request("The path has something else where the SOP Instance UID should be.")
        return NonPatientKeeping(self._services.archive, origin, self._kind, uid)

    def _answer(self, keeping: Keeping, base: str) -> tuple[HTTPStatus, Mapping[str, Any]]:
        status, document = super()._answer(keeping, base)
        # Table 12.5.3-1: at least one is stored; 202 would say that none is yet.
        status = HTTPStatus.OK if keeping.stored else status
        return status, _addressed(document, f"{base}/{self._kind.name}")


def _addressed(document: Mapping[str, Any], url: str) -> dict[str, Any]:
    """Name the addresses where such objects are retrieved."""
    found = {**document, _RETRIEVE_URL: {"vr": "UR", "Value": [url]}}
    if _REFERENCED_SOP_SEQUENCE in document:
        items = document[_REFERENCED_SOP_SEQUENCE]["Value"]
        addressed = [
            {**item, _RETRIEVE_URL: {"vr": "UR", "Value": [f"{url}/{item[_REFERENCED_SOP_INSTANCE_UID]['Value'][0]}"]}}
            for item in items
        ]
        found[_REFERENCED_SOP_SEQUENCE] = {"vr": "SQ", "Value": addressed}
    return found
