"""Objects that belong to no patient: found, retrieved, deleted (PS3.18 Sections 12.3 to 12.6)."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from access.principals import Principal
from archive import non_patient, obsolete
from archive.attribute_lists import AttributeList, text
from archive.dataset_buffer import data_set_buffer
from archive.errors import NotFound
from archive.file_spans import file_span, in_memory, whole_file
from archive.non_patient_classes import COLOR_PALETTES, Kind, is_well_known
from archive.retrieve import StoredInstance
from archive.scheduling_matching import check, matches
from archive.uids import is_valid_uid
from dicomweb.attribute_json import to_json
from dicomweb.conditional import conditional
from dicomweb.header_json import bulk_places, header_json
from dicomweb.instance_files import DICOM, content_type, file_chunks, syntax_for
from dicomweb.json_values import JsonElement
from dicomweb.locating import file_of
from dicomweb.media_types import MediaRange, accepted
from dicomweb.model_forms import JSON, prefers_xml
from dicomweb.multipart import Part, begun, multipart_response
from dicomweb.native_xml import XML, native_xml
from dicomweb.problems import Problem, bad_request, not_acceptable
from dicomweb.qido import DicomJson
from dicomweb.ranges import Content, ranged_response
from dicomweb.services import Services, base_url
from dicomweb.standard_palettes import standard_palettes
from dicomweb.ups_answers import warning
from dicomweb.ups_search import Asked, Shown, parse, warnings

_RETRIEVE_URL: Final = "00081190"
_JSONS: Final = (JSON, "application/json")
# Bulk data of these objects has no address of its own: all of it is inline, or the object is only given as a file.
_INLINE_BYTES: Final = 16 << 20


class NonPatient:
    """The handlers of the resources of one kind of objects.

    Parameters
    ----------
    services
        What they work with.
    kind
        Which objects.
    """

    def __init__(self, services: Services, kind: Kind) -> None:
        self._services = services
        self._kind = kind

    async def search(self, request: Request, principal: Principal) -> Response:
        """Search for objects (Section 12.6)."""
        as_xml = prefers_xml(request, multipart=True)
        asked = parse(request.query_params.multi_items())
        self._require_keys(asked)
        found, more = await self._found(principal.tenant, asked)
        base = f"{base_url(request)}/{self._kind.name}"
        documents = [_document(each, base) for each in found]
        headers = warning(request, *warnings(asked, more=more))
        if not documents and any(one.content in {JSON, XML} for one in accepted(request)):
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
        if not as_xml:
            return DicomJson(documents, headers=headers)
        answer = multipart_response((Part(XML, [native_xml(each)]) for each in documents), XML)
        answer.headers.update(headers)
        return answer

    async def retrieve(self, request: Request, principal: Principal) -> Response:
        """Give one object (Section 12.4)."""
        return await run_in_threadpool(self._retrieve, request, principal)

    async def delete(self, request: Request, principal: Principal) -> Response:
        """Delete one object: an extension that the standard does not have."""
        uid = _uid(request)
        if is_well_known(uid):
            raise Problem(HTTPStatus.CONFLICT, "The standard defines this object.")
        await self._services.database.write(
            non_patient.remove, principal.tenant, self._kind, uid, principal=principal.username, now=time.time()
        )
        archive = self._services.archive
        await asyncio.to_thread(obsolete.remove, archive.database, archive.blobs)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _require_keys(self, asked: Asked) -> None:
        unknown = sorted(asked.keys.keys() - self._kind.keys)
        if unknown:
            raise bad_request(f"{unknown[0]} is no key of {self._kind.name}.")
        check(asked.keys)

    async def _found(self, tenant: str, asked: Asked) -> tuple[Sequence[AttributeList], bool]:
        """Look through palettes of the standard, and then page by page, until there is enough."""
        shown = Shown(asked)
        shown.add([entry for entry in self._standard() if matches(asked.keys, entry)])
        position: int | None = 0
        while position is not None and not shown.more:
            found = await self._services.database.read(non_patient.page, tenant, self._kind, asked.keys, after=position)
            shown.add(found.entries)
            position = found.position
        return shown.entries, shown.more

    def _standard(self) -> Iterable[AttributeList]:
        if self._kind is not COLOR_PALETTES:
            return []
        return [palette.attributes for palette in standard_palettes().values()]

    def _retrieve(self, request: Request, principal: Principal) -> Response:
        instance, path = self._one(principal.tenant, _uid(request))
        for wanted in accepted(request):
            if wanted.covers(DICOM):
                answer = partial(self._file, request, instance, path, wanted)
            elif any(map(wanted.covers, _JSONS)) and (not wanted.multipart or wanted.content == JSON):
                answer = partial(_as_json, instance, path)
            elif wanted.covers(XML):
                answer = partial(_as_xml, instance, path, wanted)
            else:
                continue
            return conditional(request, [instance], answer)
        raise not_acceptable(f"This is given as {DICOM}, {JSON} or {XML}.")

    def _one(self, tenant: str, uid: str) -> tuple[StoredInstance, Path]:
        palette = standard_palettes().get(uid) if self._kind is COLOR_PALETTES else None
        if palette is not None:
            return palette.instance, palette.path
        instance = self._services.archive.database.read(non_patient.find, tenant, self._kind, uid)
        return instance, file_of(self._services, instance)

    def _file(self, request: Request, instance: StoredInstance, path: Path, wanted: MediaRange) -> Response:
        syntax = syntax_for(instance, wanted.transfer_syntax)
        as_stored = syntax == instance.transfer_syntax_uid
        if not as_stored and not instance.key:
            raise not_acceptable("The palettes of the standard are given as they are.")
        chunks = whole_file(path) if as_stored else file_chunks(self._services, instance, syntax)
        part = begun(Part(content_type(syntax), chunks, str(request.url)))
        if wanted.multipart:
            return multipart_response([part], DICOM)
        if as_stored:
            content = Content(media_type=part.content_type, size=path.stat().st_size, read=partial(file_span, path))
            return ranged_response(request, content)
        return Response(b"".join(in_memory(part.chunks)), media_type=part.content_type)


def _uid(request: Request) -> str:
    uid = str(request.path_params["sop_uid"])
    if not is_valid_uid(uid):
        raise NotFound("The path has something else where a UID should be.")
    return uid


def _document(attributes: AttributeList, base: str) -> dict[str, JsonElement]:
    url: JsonElement = {"vr": "UR", "Value": [f"{base}/{text(attributes, 'SOPInstanceUID')}"]}
    return dict(sorted({**to_json(attributes), _RETRIEVE_URL: url}.items()))


def _described(instance: StoredInstance, path: Path) -> dict[str, JsonElement]:
    with data_set_buffer(path, instance.data_offset, instance.transfer_syntax_uid) as buffer:
        described = header_json(buffer, instance.transfer_syntax_uid, "", inline_bytes=_INLINE_BYTES)
    if bulk_places(described):
        raise not_acceptable(f"The object has too long values for this form; it is given as {DICOM}.")
    return described


def _as_json(instance: StoredInstance, path: Path) -> Response:
    return DicomJson([_described(instance, path)])


def _as_xml(instance: StoredInstance, path: Path, wanted: MediaRange) -> Response:
    document = native_xml(_described(instance, path))
    return multipart_response([Part(XML, [document])], XML) if wanted.multipart else Response(document, media_type=XML)
