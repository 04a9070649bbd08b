"""Storing objects that belong to no patient (PS3.18 Section 12.5), by the same way as those that do."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from access.principals import Principal
from archive.errors import SopClassNotSupported, UidMismatch
from archive.ingest import Archive
from archive.non_patient_classes import Kind
from archive.origin import Origin, OriginKind
from archive.spool import Spooled
from archive.uids import is_valid_uid
from dicomweb.model_forms import prefers_xml
from dicomweb.native_xml import XML, native_xml
from dicomweb.problems import bad_request
from dicomweb.qido import DicomJson
from dicomweb.services import Services, base_url
from dicomweb.stow import Stow
from dicomweb.stow_answer import store_response
from dicomweb.stow_keeping import Keeping
from dicomweb.stow_metadata import MetadataStoring
from dicomweb.stow_parts import Sink, body_kind, open_body
from dicomweb.stow_storing import Storing

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

    async def store(self, request: Request, principal: Principal) -> Response:
        """Store the objects of the body and tell what became of each."""
        as_xml = prefers_xml(request, multipart=False)
        uid = request.path_params.get("sop_uid")
        if uid is not None and not is_valid_uid(uid):
            raise bad_request("The path has something else where the SOP Instance UID should be.")
        self._require_size_and_encoding(request)
        origin = Origin(
            kind=OriginKind.STOW,
            tenant=principal.tenant,
            principal=principal.username,
            address=request.client.host if request.client else None,
        )
        keeping = NonPatientKeeping(self._services.archive, origin, self._kind, uid)
        kind = body_kind(request.headers.get("content-type", ""))
        sink: Sink = MetadataStoring(keeping, str(request.url)) if kind.is_metadata else Storing(keeping)
        try:
            await self._take(request, open_body(kind, sink))
            await run_in_threadpool(sink.finish)
        except ClientDisconnect as error:
            raise bad_request("The body is cut off.") from error
        finally:
            await run_in_threadpool(sink.discard)
        base = base_url(request)
        status, document = store_response(keeping, base)
        document = _addressed(document, f"{base}/{self._kind.name}")
        if as_xml:
            return Response(native_xml(document), status, media_type=XML)
        return DicomJson(document, status)


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
