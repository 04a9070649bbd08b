"""UPS-RS: the worklist service of PS3.18 Section 11, over the workitems that DIMSE has too."""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from access.principals import Principal
from archive import workitem_search, workitem_subscriptions, workitems
from archive.attribute_lists import AttributeList, key, text
from archive.errors import NodeError, NotFound
from archive.uids import is_valid_uid
from archive.workitem_rows import new_uid
from archive.workitem_states import Channel, Outcome
from archive.workitem_subscriptions import FILTERED
from dicomweb.attribute_json import from_json, to_json
from dicomweb.media_types import accepted
from dicomweb.model_forms import JSON, preferred_xml, prefers_xml, xml_response
from dicomweb.multipart import Part, multipart_response
from dicomweb.native_xml import XML, native_xml
from dicomweb.native_xml_reading import read_native_xml
from dicomweb.problems import Problem, bad_request
from dicomweb.services import Services, base_url
from dicomweb.stow_arriving import arriving
from dicomweb.ups_answers import (
    conflict_of_state,
    conflict_of_update,
    has_others,
    refused,
    source,
    wake,
    warning,
    warnings_of,
)
from dicomweb.ups_search import Asked, Shown, parse, parse_filter, warnings

Handler = Callable[[Request, Principal], Awaitable[Response]]

_MAX_BYTES: Final = 4 << 20
_LONGEST_TITLE: Final = 64
_BOOLEANS: Final = {"true": True, "false": False}
_TRANSACTION: Final = key("TransactionUID")
_JSONS: Final = ("", JSON, "application/json")


class Ups:
    """The handlers of UPS-RS.

    Parameters
    ----------
    services
        What they work with.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def create(self, request: Request, principal: Principal) -> Response:
        """Keep a workitem (Section 11.4); its UID is in the query, or in the data set, or made here."""
        sent = await _sent(request)
        attributes = from_json(sent)
        uid = _named(request, "workitem", "affectedsopinstanceuid") or text(attributes, "SOPInstanceUID") or new_uid()
        if not is_valid_uid(uid):
            raise bad_request("The workitem's UID is not valid.")
        outcome = await self._services.database.write(
            workitems.create,
            principal.tenant,
            uid,
            attributes,
            principal=principal.username,
            now=self._services.now(),
        )
        await wake(self._services)
        location = f"{base_url(request)}/workitems/{uid}"
        if has_others(sent):
            outcome = Outcome.CREATED_WITH_MODIFICATIONS
        headers = {"Location": location, "Content-Location": location, **warnings_of(request, outcome)}
        return Response(status_code=HTTPStatus.CREATED, headers=headers)

    async def retrieve(self, request: Request, principal: Principal) -> Response:
        """Answer a workitem (Section 11.5); as XML also in parts, which Table 11.1.3-1 requires."""
        xml = preferred_xml(request)
        where = source(self._services, request)
        found = await self._services.database.read(workitem_search.get, principal.tenant, _uid(request), where)
        document = to_json(found)
        answer = xml_response(document, xml) if xml else JSONResponse([document], media_type=JSON)
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    async def search(self, request: Request, principal: Principal) -> Response:
        """Search for workitems (Section 11.9)."""
        as_xml = prefers_xml(request, multipart=True)
        asked = parse(request.query_params.multi_items())
        found, more = await self._found(request, principal, asked)
        headers = warning(request, *warnings(asked, more=more))
        if not found and (as_xml or any(one.content in {JSON, XML} for one in accepted(request))):
            # Table 11.9.3-1; whoever takes anything, or asks for plain JSON, gets an empty array.
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
        if as_xml:
            answer = multipart_response((Part(XML, [native_xml(each)]) for each in found), XML)
            answer.headers.update(headers)
            return answer
        return JSONResponse(found, media_type=JSON, headers=headers)

    async def update(self, request: Request, principal: Principal) -> Response:
        """Change a workitem (Section 11.6)."""
        sent = await _sent(request)
        attributes = from_json(sent)
        if transaction_uid := _named(request, "transaction", "transaction-uid", "transactionuid"):
            attributes[_TRANSACTION] = [transaction_uid]
        try:
            await self._services.database.write(
                workitems.change,
                principal.tenant,
                _uid(request),
                attributes,
                self._services.performing,
                now=self._services.now(),
            )
        except NodeError as error:
            return refused(request, error, ended=HTTPStatus.BAD_REQUEST, conflict=conflict_of_update(error))
        await wake(self._services)
        said = warning(request, "Requested optional Attributes are not supported.") if has_others(sent) else {}
        return Response(headers={"Content-Location": f"{base_url(request)}/workitems/{_uid(request)}", **said})

    async def change_state(self, request: Request, principal: Principal) -> Response:
        """Claim, complete or cancel a workitem (Section 11.7)."""
        action = await _payload(request)
        try:
            outcome = await self._services.database.write(
                workitems.change_state,
                principal.tenant,
                _uid(request),
                action,
                self._services.performing,
                principal=principal.username,
                now=self._services.now(),
            )
        except NodeError as error:
            return refused(request, error, conflict=conflict_of_state(error, text(action, "TransactionUID")))
        await wake(self._services)
        return Response(headers=warnings_of(request, outcome))

    async def request_cancel(self, request: Request, principal: Principal) -> Response:
        """Ask that a workitem be canceled (Section 11.8)."""
        outcome = await self._services.database.write(
            workitems.request_cancel,
            principal.tenant,
            _uid(request),
            await _payload(request),
            requesting_ae=principal.username,
            now=self._services.now(),
        )
        await wake(self._services)
        return Response(status_code=HTTPStatus.ACCEPTED, headers=warnings_of(request, outcome))

    async def subscribe(self, request: Request, principal: Principal) -> Response:
        """Subscribe to a workitem, or to all that match (Section 11.10)."""
        uid, ae_title = _uid(request), _ae_title(request)
        keys = _filter(request) if uid == FILTERED else None
        if uid == FILTERED and not keys:
            raise bad_request("The filtered subscription needs the query parameter filter.")
        outcome = await self._services.database.write(
            workitem_subscriptions.subscribe,
            principal.tenant,
            uid,
            ae_title,
            Channel.WEBSOCKET,
            deletion_lock=_deletion_lock(request),
            keys=keys,
            now=self._services.now(),
        )
        await wake(self._services)
        headers = {"Content-Location": _channel_url(request, ae_title), **warnings_of(request, outcome)}
        return Response(status_code=HTTPStatus.CREATED, headers=headers)

    async def unsubscribe(self, request: Request, principal: Principal) -> Response:
        """End a subscription (Section 11.11)."""
        return await self._end(workitem_subscriptions.unsubscribe, request, principal)

    async def suspend(self, request: Request, principal: Principal) -> Response:
        """End a subscription to workitems to come (Section 11.12)."""
        return await self._end(workitem_subscriptions.suspend, request, principal)

    async def _end(self, how: Callable[..., int], request: Request, principal: Principal) -> Response:
        subscriber = (_ae_title(request), Channel.WEBSOCKET)
        if not await self._services.database.write(how, principal.tenant, _uid(request), *subscriber):
            # Tables 11.11.3-1 and 11.12.3-1.
            raise NotFound("There is no such subscription.")
        return Response()

    async def _found(self, request: Request, principal: Principal, asked: Asked) -> tuple[list[dict[str, Any]], bool]:
        """Read page by page until there is enough; gives what is shown, and whether there is more."""
        where = source(self._services, request) if asked.with_instances else None
        shown = Shown(asked)
        position: int | None = 0
        while position is not None and not shown.more:
            found = await self._services.database.read(
                workitem_search.page, principal.tenant, asked.keys, after=position, source=where
            )
            shown.add(found.entries)
            position = found.position
        return [to_json(each) for each in shown.entries], shown.more


def reporting_refusals(handler: Handler) -> Handler:
    """Let a handler's refusals be answered with the Warning header that PS3.18 asks for."""

    async def answer(request: Request, principal: Principal) -> Response:
        try:
            return await handler(request, principal)
        except NodeError as error:
            return refused(request, error)

    answer.__name__ = getattr(handler, "__name__", "answer")
    answer.__doc__ = handler.__doc__
    return answer


def _uid(request: Request) -> str:
    return str(request.path_params["workitem_uid"])


def _ae_title(request: Request) -> str:
    title = str(request.path_params["ae_title"]).strip()
    if not title or len(title) > _LONGEST_TITLE or not title.isprintable():
        raise bad_request("The path has something else where the subscriber's AE title should be.")
    return title


def _named(request: Request, *names: str) -> str:
    """Return a UID of the query string: under one of `names`, or alone, as older editions have it."""
    given = {name.lower(): value for name, value in request.query_params.items()}
    alone = next((name for name, value in request.query_params.items() if not value and is_valid_uid(name)), "")
    return next((given[name] for name in names if given.get(name)), alone)


def _deletion_lock(request: Request) -> bool:
    text = request.query_params.get("deletionlock", "false").lower()
    if text not in _BOOLEANS:
        raise bad_request("The query parameter deletionlock is either true or false.")
    return _BOOLEANS[text]


def _filter(request: Request) -> dict[str, list[Any]]:
    """Read the filter: of the parameter `filter`, or of parameters of their own, as older editions have it."""
    keys = parse_filter(request.query_params.get("filter", ""))
    others = [pair for pair in request.query_params.multi_items() if pair[0] not in {"filter", "deletionlock"}]
    return {**keys, **parse(others).keys}


def _channel_url(request: Request, ae_title: str) -> str:
    """Give the address of the WebSocket (PS3.18 Section 8.10.4)."""
    return f"ws{base_url(request).removeprefix('http')}/subscribers/{ae_title}"


async def _payload(request: Request) -> AttributeList:
    return from_json(await _sent(request))


async def _sent(request: Request) -> Any:
    """Read the one data set of a request, in the DICOM JSON Model; none at all is an empty one."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in (*_JSONS, XML):
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The data set is taken as {JSON} or {XML}.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Bodies are taken without Content-Encoding.")
    body = bytearray()
    async for chunk in arriving(request):
        body += chunk
        if len(body) > _MAX_BYTES:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A data set may have {_MAX_BYTES} bytes.")
    if not body.strip():
        return {}
    return read_native_xml(bytes(body)) if media_type == XML else _document(bytes(body))


def _document(body: bytes) -> Any:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise bad_request("The body is no JSON.") from error
    if not isinstance(document, list):
        return document
    if len(document) != 1:
        raise bad_request("The body must have one data set.")
    return document[0]
