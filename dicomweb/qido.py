"""QIDO-RS: searching for studies, series and instances (PS3.18 Section 10.6)."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from access.principals import Principal
from archive.query import Level, Query, key_for, page
from dicomweb.media_types import accepted
from dicomweb.problems import not_acceptable
from dicomweb.qido_attributes import returned
from dicomweb.qido_json import MatchWriter
from dicomweb.qido_params import MAX_LIMIT, SearchParameters, parse_parameters
from dicomweb.services import Services, base_url

JSON: Final = "application/dicom+json"
_STUDY, _SERIES = 0x0020000D, 0x0020000E


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
        require_json(request)
        asked = parse_parameters(request.query_params.multi_items(), level)
        query = build_query(level, asked, request.path_params)
        matches = await self._services.database.read(page, principal.tenant, query, asked.limit + 1)
        base = base_url(request)
        answer = MatchWriter(level, base).array(matches[: asked.limit])
        headers = _warnings(asked, more=len(matches) > asked.limit)
        return Response(answer, media_type=JSON, headers=headers)


class DicomJson(JSONResponse):
    """An answer in the DICOM JSON Model."""

    media_type = JSON


def require_json(request: Request) -> None:
    """Refuse what does not take JSON, the only form in which searches and metadata are answered."""
    if not any(found.covers(JSON) or found.covers("application/json") for found in accepted(request)):
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
        limit=asked.limit + 1,
        offset=asked.offset,
        fuzzy=asked.fuzzy,
    )


def _warnings(asked: SearchParameters, *, more: bool) -> dict[str, str]:
    """Say that the answer was cut by this node, not by the client (PS3.18 Section 10.6.3.2)."""
    cut = more and (asked.clamped or asked.limit >= MAX_LIMIT)
    return {"Warning": '299 isocenter "There are additional results that can be requested"'} if cut else {}
