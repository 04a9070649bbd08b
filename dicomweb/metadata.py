"""WADO-RS: metadata of instances (PS3.18 Section 10.4.1.1.2), as JSON or XML."""

import zlib
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from access.principals import Principal
from archive.dataset_buffer import data_set_buffer
from archive.errors import NotFound
from archive.retrieve import StoredInstance
from archive.series_metadata import SeriesState, states
from archive.uids import is_valid_uid
from dicomweb.conditional import conditional, conditional_on
from dicomweb.finishing import takes_gzip
from dicomweb.header_json import JsonDataSet, header_json
from dicomweb.header_text import HeaderTexts
from dicomweb.locating import file_of, find, find_one, url_of
from dicomweb.model_forms import JSON, prefers_xml
from dicomweb.multipart import Part, multipart_response
from dicomweb.native_xml import XML, native_xml
from dicomweb.series_metadata import SeriesMetadata, json_array
from dicomweb.services import Services, base_url

# Longer answers are made while they are sent, and not kept in memory.
_AT_ONCE: Final = 16 << 20
_EFFORT: Final = 1
_GZIP: Final = 16 + zlib.MAX_WBITS


class Metadata:
    """The handler of `/metadata` at every level.

    Parameters
    ----------
    services
        What it works with.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def retrieve(self, request: Request, principal: Principal) -> Response:
        """Give the metadata of all instances of a study or series, or of one."""
        return await run_in_threadpool(self._retrieve, request, principal)

    def _retrieve(self, request: Request, principal: Principal) -> Response:
        if prefers_xml(request, multipart=True):
            found = find(self._services, principal.tenant, request.path_params)
            return conditional(request, found, lambda: self._xml(found, base_url(request)))
        if "sop_uid" in request.path_params:
            instance = find_one(self._services, principal.tenant, request.path_params)
            return conditional(request, [instance], lambda: self._one(instance, base_url(request)))
        series = self._series(principal.tenant, **request.path_params)
        return conditional_on(request, [each.state for each in series], lambda: self._several(request, series))

    def _series(self, tenant: str, study_uid: str, series_uid: str | None = None) -> list[SeriesState]:
        if not is_valid_uid(study_uid) or not (series_uid is None or is_valid_uid(series_uid)):
            raise NotFound("The path has something else where a UID should be.")
        found = self._services.archive.database.read(states, tenant, study_uid, series_uid)
        if not found:
            raise NotFound
        return found

    def _one(self, instance: StoredInstance, base: str) -> Response:
        path = file_of(self._services, instance)
        with data_set_buffer(path, instance.data_offset, instance.transfer_syntax_uid) as buffer:
            text = HeaderTexts().write(buffer, instance.transfer_syntax_uid, url_of(base, instance))
        return Response(b"[" + text + b"]", media_type=JSON)

    def _several(self, request: Request, series: Sequence[SeriesState]) -> Response:
        base, gzip = base_url(request), takes_gzip(request)
        key = (tuple((each.series_id, each.state) for each in series), base, gzip)
        content = self._services.metadata.get(key)
        if content is None:
            made = SeriesMetadata(self._services.archive.database, self._services.archive.blobs)
            pieces = json_array(made.pieces(each, base) for each in series)
            content, rest = _gathered(pieces)
            if rest is not None:
                return StreamingResponse(rest, media_type=JSON)
            if gzip:
                content = zlib.compress(content, _EFFORT, _GZIP)
            self._services.metadata.put(key, content)
        headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"} if gzip else None
        return Response(content, media_type=JSON, headers=headers)

    def _xml(self, found: Sequence[StoredInstance], base: str) -> Response:
        parts = (Part(XML, [native_xml(self._described(instance, base))]) for instance in found)
        return multipart_response(parts, XML)

    def _described(self, instance: StoredInstance, base: str) -> JsonDataSet:
        url = url_of(base, instance)
        path = file_of(self._services, instance)
        with data_set_buffer(path, instance.data_offset, instance.transfer_syntax_uid) as buffer:
            attributes = header_json(buffer, instance.transfer_syntax_uid, f"{url}/bulkdata")
        attributes["00080056"] = {"vr": "CS", "Value": ["ONLINE"]}
        attributes["00081190"] = {"vr": "UR", "Value": [url]}
        attributes["00083002"] = {"vr": "UI", "Value": [instance.transfer_syntax_uid]}
        return dict(sorted(attributes.items()))


def _gathered(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes] | None]:
    """Take all pieces together; where they are too long for that, give back an iterator over all of them."""
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size > _AT_ONCE:
            return b"", chain(gathered, pieces)
    return b"".join(gathered), None
