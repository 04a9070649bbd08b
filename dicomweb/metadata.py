"""WADO-RS: metadata of instances (PS3.18 Section 10.4.1.1.2), made once and kept while there is room."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from access.principals import Principal
from archive.dataset_buffer import data_set_buffer
from archive.retrieve import StoredInstance
from dicomweb.header_json import header_json
from dicomweb.locating import file_of, locate, url_of
from dicomweb.qido import JSON, require_json
from dicomweb.services import Services, base_url

# Answers up to so many instances are made before they are sent, so that they have a length.
_AT_ONCE: Final = 64


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
        require_json(request)
        found = await locate(self._services, principal.tenant, request.path_params)
        base = base_url(request)
        if len(found) > _AT_ONCE:
            return StreamingResponse(self._encode(found, base), media_type=JSON)
        return Response(await run_in_threadpool(b"".join, self._encode(found, base)), media_type=JSON)

    def _encode(self, found: Sequence[StoredInstance], base: str) -> Iterator[bytes]:
        """Yield the JSON array, some instances at a time: every step of the answer costs a change of thread."""
        opening = b"["
        for start in range(0, len(found), _AT_ONCE):
            some = found[start : start + _AT_ONCE]
            yield opening + b",".join(self._one(instance, base) for instance in some)
            opening = b","
        yield b"]"

    def _one(self, instance: StoredInstance, base: str) -> bytes:
        # A blob never changes, so that what was made of it once holds for good.
        key = (instance.key, base)
        known = self._services.metadata.get(key)
        if known is None:
            known = self._make(instance, base)
            self._services.metadata.put(key, known)
        return known

    def _make(self, instance: StoredInstance, base: str) -> bytes:
        url = url_of(base, instance)
        path = file_of(self._services, instance)
        with data_set_buffer(path, instance.data_offset, instance.transfer_syntax_uid) as buffer:
            attributes = header_json(buffer, instance.transfer_syntax_uid, f"{url}/bulkdata")
        attributes["00080056"] = {"vr": "CS", "Value": ["ONLINE"]}
        attributes["00081190"] = {"vr": "UR", "Value": [url]}
        attributes["00083002"] = {"vr": "UI", "Value": [instance.transfer_syntax_uid]}
        text = json.dumps(dict(sorted(attributes.items())), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")
