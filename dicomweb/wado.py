"""WADO-RS: studies, series and instances as DICOM files (PS3.18 Section 10.4)."""

from collections.abc import Iterator, Sequence
from itertools import chain

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from access.principals import Principal
from archive.errors import NotTranscodable
from archive.retrieve import StoredInstance
from dicomweb.instance_files import DICOM, content_type, file_chunks, stored_size, syntax_for
from dicomweb.locating import locate, url_of
from dicomweb.media_types import MediaRange, accepted
from dicomweb.multipart import Part, multipart_response
from dicomweb.problems import Problem, not_acceptable
from dicomweb.services import Services, base_url


class Wado:
    """The handler of studies, series and instances.

    Parameters
    ----------
    services
        What it works with.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def retrieve(self, request: Request, principal: Principal) -> Response:
        """Give all instances of a study or series, or one."""
        wanted = _ranges(accepted(request))
        found = await locate(self._services, principal.tenant, request.path_params)
        refused: Problem | NotTranscodable | None = None
        for media_range in wanted:
            try:
                return await self._answer(found, media_range, base_url(request))
            except (Problem, NotTranscodable) as problem:
                refused = refused or problem
        raise refused or not_acceptable("Objects are given as application/dicom, alone or in multipart/related.")

    async def _answer(self, found: Sequence[StoredInstance], wanted: MediaRange, base: str) -> Response:
        syntaxes = [syntax_for(instance, wanted.transfer_syntax) for instance in found]
        if wanted.media_type == DICOM:
            return await self._single(found, syntaxes)
        parts = map(self._part, found, syntaxes, [base] * len(found))
        # The first part is made before the answer begins: what fails at once fails with a status of its own.
        first = await run_in_threadpool(_begun, next(parts))
        return multipart_response(chain([first], parts), DICOM)

    def _part(self, instance: StoredInstance, syntax: str, base: str) -> Part:
        chunks = file_chunks(self._services, instance, syntax)
        return Part(content_type(syntax), chunks, location=url_of(base, instance))

    async def _single(self, found: Sequence[StoredInstance], syntaxes: Sequence[str]) -> Response:
        if len(found) > 1:
            raise not_acceptable("There is more than one object here; ask for multipart/related.")
        (instance,), (syntax,) = found, syntaxes
        size = stored_size(self._services, instance, syntax)
        part = await run_in_threadpool(
            _begun, Part(content_type(syntax), file_chunks(self._services, instance, syntax))
        )
        headers = {} if size is None else {"Content-Length": str(size)}
        return StreamingResponse(part.chunks, media_type=part.content_type, headers=headers)


def _ranges(ranges: Sequence[MediaRange]) -> Iterator[MediaRange]:
    return (found for found in ranges if found.covers(DICOM))


def _begun(part: Part) -> Part:
    """Make the first piece of a part now."""
    chunks = iter(part.chunks)
    return Part(part.content_type, chain([next(chunks, b"")], chunks), part.location)
