"""QIDO-RS: searching for studies, series and instances (PS3.18 Section 10.6)."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from access.principals import Principal
from archive.query import Level, Query, key_for, page_and_rest
from archive.threaded_database import read_briefly
from dicomweb.media_types import accepted
from dicomweb.model_forms import JSON, prefers_xml
from dicomweb.native_xml import XML
from dicomweb.problems import not_acceptable
from dicomweb.qido_attributes import returned
from dicomweb.qido_json import MatchWriter
from dicomweb.qido_params import SearchParameters, parse_parameters
from dicomweb.qido_xml import as_parts
from dicomweb.services import Services, base_url

_STUDY, _SERIES = 0x0020000D, 0x0020000E
# More are there for sure; to count all of a large archive would take longer than the search.
_MOST_COUNTED: Final = 1000


class Qido:
    """The handlers of QIDO-RS.

    Parameters
    ----------
    services
        What they work with.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def studies(self, request: Request, principal: Principal) -> Response:
        """Search for studies."""
        return await self._search(request, principal, Level.STUDY)

    async def series(self, request: Request, principal: Principal) -> Response:
        """Search for series, of one study or of all."""
        return await self._search(request, principal, Level.SERIES)

    async def instances(self, request: Request, principal: Principal) -> Response:
        """Search for instances, of one series, one study or all."""
        return await self._search(request, principal, Level.IMAGE)

    async def _search(self, request: Request, principal: Principal, level: Level) -> Response:
        as_xml = prefers_xml(request, multipart=True)
        asked = parse_parameters(request.query_params.multi_items(), level)
        query = build_query(level, asked, request.path_params)
        found, rest = await read_briefly(
            self._services.database, page_and_rest, principal.tenant, query, asked.limit, _MOST_COUNTED
        )
        base = base_url(request)
        headers = _warnings(base, rest, asked.not_performed)
        if not found and (as_xml or _names_dicom(request)):
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
        matches = MatchWriter(level, base).array(found)
        return as_parts(matches, headers) if as_xml else Response(matches, media_type=JSON, headers=headers)


class DicomJson(JSONResponse):
    """An answer in the DICOM JSON Model."""

    media_type = JSON


def require_json(request: Request) -> None:
    """Refuse what does not take JSON, the only form of an answer."""
    if not any(one.covers(JSON) or one.covers("application/json") for one in accepted(request)):
        raise not_acceptable("This is answered as application/dicom+json only.")


def build_query(level: Level, asked: SearchParameters, path: Mapping[str, str]) -> Query:
    """Join what the query string and the path say."""
    keys = dict(asked.keys)
    for name, tag in (("study_uid", _STUDY), ("series_uid", _SERIES)):
        if name in path:
            keys[tag] = key_for(tag, [path[name]])
    above = level is not Level.STUDY and "study_uid" not in path
    wanted = returned(level, with_study=above, with_series=level is Level.IMAGE and "series_uid" not in path)
    return Query(
        level=level,
        keys=keys,
        return_tags=wanted | asked.include,
        offset=asked.offset,
        fuzzy=asked.fuzzy,
        # Always so in searches (PS3.18 Section 8.3.4.1.1).
        combined_date_time=True,
        zone=asked.zone,
    )


def _names_dicom(request: Request) -> bool:
    """Tell whether the client names a media type of DICOM, and so knows that 204 stands for no matches.

    PS3.18 Section 8.3.4.4.1 wants 204. Whoever takes anything, or asks for plain JSON, gets an empty array.
    """
    return any(one.content in {JSON, XML} for one in accepted(request))


def _warnings(service: str, rest: int, not_performed: Iterable[str]) -> dict[str, str]:
    """Say what was not done, and that there is more, whoever set the limit (PS3.18 Sections 8.3.4.4.1 to 8.3.4.6)."""
    sentences = list(not_performed)
    if rest:
        number = str(rest) if rest < _MOST_COUNTED else f"at least {rest}"
        sentences.append(f"There are {number} additional results that can be requested")
    warnings = ", ".join(f"299 {service}: {sentence}" for sentence in sentences)
    return {"Warning": warnings} if warnings else {}
