"""WADO-RS: studies, series and instances as DICOM files (PS3.18 Section 10.4)."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice, repeat
from typing import Final

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from access.principals import Principal
from archive.errors import NodeError, NotTranscodable
from archive.file_spans import read_soon
from archive.retrieve import StoredInstance
from dicomweb.bulk_data import BulkData
from dicomweb.conditional import conditional
from dicomweb.frame_formats import OCTETS
from dicomweb.instance_files import DICOM, content_type, file_chunks, single_file, syntax_for
from dicomweb.locating import file_of, find, url_of
from dicomweb.media_types import MediaRange, accepted
from dicomweb.multipart import Part, begun, length_of, multipart_response
from dicomweb.problems import Problem, not_acceptable
from dicomweb.services import Services, base_url

_log = structlog.get_logger()

# So many files are read from the disk while the one before them is sent.
_AHEAD: Final = 3


class Wado:
    """The handler of studies, series and instances.

    Parameters
    ----------
    services
        What it works with.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._bulk_data = BulkData(services)

    async def retrieve(self, request: Request, principal: Principal) -> Response:
        """Give all instances of a study or series, or one; or the bulk data of them, as is asked for by octets."""
        if _asks_for_bulk_data(accepted(request)):
            return await self._bulk_data.all_values(request, principal)
        return await run_in_threadpool(self._retrieve, request, principal)

    def _retrieve(self, request: Request, principal: Principal) -> Response:
        wanted = [found for found in accepted(request) if found.covers(DICOM)]
        found = find(self._services, principal.tenant, request.path_params)
        return conditional(request, found, lambda: self._first_possible(request, found, wanted))

    def _first_possible(
        self, request: Request, found: Sequence[StoredInstance], wanted: Sequence[MediaRange]
    ) -> Response:
        refused: Problem | NotTranscodable | None = None
        for media_range in wanted:
            try:
                return self._answer(request, found, media_range)
            except (Problem, NotTranscodable) as problem:
                refused = refused or problem
        raise refused or not_acceptable("Objects are given as application/dicom, alone or in multipart/related.")

    def _answer(self, request: Request, found: Sequence[StoredInstance], wanted: MediaRange) -> Response:
        syntaxes = [syntax_for(instance, wanted.transfer_syntax) for instance in found]
        if not (wanted.multipart or wanted.wildcard):
            if len(found) > 1:
                raise not_acceptable("There is more than one object here; ask for multipart/related.")
            return single_file(request, self._services, found[0], syntaxes[0])
        base = base_url(request)
        if all(map(_is_stored_in, found, syntaxes)):
            parts = map(self._part, self._ahead(found), syntaxes, repeat(base))
            # The first part is made before the answer begins: what fails at once fails with a status of its own.
            return multipart_response(chain([begun(next(parts))], parts), DICOM, partial(_length, found, base))
        # Alone it is refused, among others given as it is where the client does not name how.
        else_as_stored = len(found) > 1 and wanted.transfer_syntax is None
        possible = self._possible(zip(self._ahead(found), syntaxes, strict=True), base, else_as_stored=else_as_stored)
        return multipart_response(chain([next(possible)], possible), DICOM)

    def _ahead(self, found: Sequence[StoredInstance]) -> Iterator[StoredInstance]:
        """Yield instances, while the disk reads those that follow."""
        announced = iter(found)
        for _ in islice(announced, _AHEAD):
            continue
        for instance in found:
            if following := next(announced, None):
                read_soon(file_of(self._services, following))
            yield instance

    def _possible(
        self, wanted: Iterable[tuple[StoredInstance, str]], base: str, *, else_as_stored: bool
    ) -> Iterator[Part]:
        """Yield the parts that can be made: an object that cannot be converted does not keep the others back.

        Raises
        ------
        NodeError
            None of them can be made.
        """
        refusal: NodeError | None = None
        count = 0
        for instance, syntax in wanted:
            syntaxes = [syntax, instance.transfer_syntax_uid] if else_as_stored else [syntax]
            for each in syntaxes:
                try:
                    part = begun(self._part(instance, each, base))
                except NodeError as error:
                    refusal = refusal or error
                    _log.warning("object_not_converted", sop_uid=instance.sop_instance_uid, reason=type(error).__name__)
                else:
                    count += 1
                    yield part
                    break
        if refusal is not None and not count:
            raise refusal

    def _part(self, instance: StoredInstance, syntax: str, base: str) -> Part:
        chunks = file_chunks(self._services, instance, syntax)
        return Part(content_type(syntax), chunks, location=url_of(base, instance))


def _asks_for_bulk_data(ranges: Sequence[MediaRange]) -> bool:
    """Tell whether octets in parts are wanted, which stand for the bulk data (PS3.18 Table 10.4.4-1, Note 2)."""
    return any(found.multipart and found.content == OCTETS for found in ranges) and not any(
        found.covers(DICOM) for found in ranges
    )


def _is_stored_in(instance: StoredInstance, syntax: str) -> bool:
    return instance.transfer_syntax_uid == syntax


def _length(found: Iterable[StoredInstance], base: str, boundary: str) -> int:
    """Tell the length of the answer with these objects as they are stored."""
    parts = (
        (content_type(each.transfer_syntax_uid), len(url_of(base, each)), each.data_offset + each.size)
        for each in found
    )
    return length_of(parts, boundary)
