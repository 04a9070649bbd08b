"""STOW-RS: storing instances (PS3.18 Section 10.5), streamed to the spool and kept like those of C-STORE."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from access.principals import Principal
from archive.origin import Origin, OriginKind
from archive.uids import is_valid_uid
from dicomweb.model_forms import preferred_xml, xml_response
from dicomweb.problems import Problem, bad_request
from dicomweb.qido import DicomJson
from dicomweb.services import Services, base_url
from dicomweb.stow_answer import locations, store_response
from dicomweb.stow_arriving import arriving
from dicomweb.stow_keeping import Keeping
from dicomweb.stow_metadata import MetadataStoring
from dicomweb.stow_parts import Body, Sink, body_kind, open_body
from dicomweb.stow_storing import Storing

# Bytes are handed to the writing thread in pieces of this size: each change of thread costs time.
_PIECE: Final = 1 << 20


class Stow:
    """The handler of STOW-RS.

    Parameters
    ----------
    services
        What it works with.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def store(self, request: Request, principal: Principal) -> Response:
        """Store the objects of the body and tell what became of each."""
        xml = preferred_xml(request)
        origin = Origin(
            kind=OriginKind.STOW,
            tenant=principal.tenant,
            principal=principal.username,
            address=request.client.host if request.client else None,
        )
        keeping = self._keeping(request, origin)
        self._require_size_and_encoding(request)
        kind = body_kind(request.headers.get("content-type", ""))
        sink: Sink = Storing(keeping)
        if kind.is_metadata:
            sink = MetadataStoring(keeping, str(request.url), self._services.decoder)
        try:
            await self._take(request, open_body(kind, sink))
            await run_in_threadpool(sink.finish)
        except ClientDisconnect as error:
            raise bad_request("The body is cut off.") from error
        finally:
            await run_in_threadpool(sink.discard)
        status, document = self._answer(keeping, base_url(request))
        found = xml_response(document, xml) if xml else DicomJson(document)
        found.status_code = status
        found.headers.update(locations(document))
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            found.headers["Retry-After"] = "5"
        return found

    def _keeping(self, request: Request, origin: Origin) -> Keeping:
        """Return what keeps the objects that the path allows."""
        study_uid = request.path_params.get("study_uid")
        if study_uid is not None and not is_valid_uid(study_uid):
            raise bad_request("The path has something else where the Study Instance UID should be.")
        return Keeping(self._services.archive, origin, study_uid)

    def _answer(self, keeping: Keeping, base: str) -> tuple[HTTPStatus, Mapping[str, Any]]:
        return store_response(keeping, base)

    def _require_size_and_encoding(self, request: Request) -> None:
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Bodies are taken without Content-Encoding.")
        length = request.headers.get("content-length", "0")
        if not (length.isascii() and length.isdecimal()):
            raise bad_request("The Content-Length is not a number.")
        if len(length) > len(str(self._services.max_upload_bytes)) or int(length) > self._services.max_upload_bytes:
            raise self._too_large()

    async def _take(self, request: Request, body: Body) -> None:
        received = 0
        piece = bytearray()
        async for chunk in arriving(request):
            received += len(chunk)
            if received > self._services.max_upload_bytes:
                raise self._too_large()
            piece += chunk
            if len(piece) >= _PIECE:
                await run_in_threadpool(body.feed, bytes(piece))
                piece.clear()
        await run_in_threadpool(_finish, body, bytes(piece))

    def _too_large(self) -> Problem:
        return Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"A request may have {self._services.max_upload_bytes} bytes; divide the objects over several.",
        )


def _finish(body: Body, last: bytes) -> None:
    body.feed(last)
    body.close()
