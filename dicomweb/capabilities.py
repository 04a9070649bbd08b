"""Retrieve Capabilities: what each resource can be asked for, as JSON or WADL (PS3.18 Section 8.9 and Annex H)."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from access.principals import Principal
from dicomweb.media_types import accepted
from dicomweb.problems import not_acceptable
from dicomweb.qido import DicomJson
from dicomweb.resources import RESOURCES, Method
from dicomweb.services import ROOT, base_url

JSON: Final = "application/json"
WADL: Final = "application/vnd.sun.wadl+xml"


async def describe(request: Request, _principal: Principal) -> Response:
    """Describe the resource that is asked and those below it; the root describes all."""
    path = request.scope["route"].path
    described = _below(path) if path in RESOURCES else RESOURCES
    base = base_url(request).removesuffix(ROOT)
    own = [RESOURCES[path]] if path in RESOURCES else RESOURCES.values()
    named = {method.name for methods in own for method in methods} | {"OPTIONS"}
    methods = sorted(named | ({"HEAD"} if "GET" in named else set()))
    headers = {"Allow": ", ".join(methods), "Vary": "Accept"}
    for wanted in accepted(request):
        if wanted.covers(JSON):
            return DicomJson(_json(base, described), headers=headers, media_type=JSON)
        if wanted.covers(WADL):
            return Response(_wadl(base, described), headers=headers, media_type=WADL)
    raise not_acceptable(f"Capabilities are given as {JSON} or {WADL}.")


def _below(path: str) -> Mapping[str, Sequence[Method]]:
    """Give a resource and its children, which a description has too (PS3.18 Annex H)."""
    return {each: methods for each, methods in RESOURCES.items() if f"{each}/".startswith(f"{path}/")}


def _json(base: str, described: Mapping[str, Sequence[Method]]) -> dict[str, Any]:
    resources = [
        {
            "path": path,
            "methods": [
                {"name": one.name, "id": one.id, "query": one.query, "takes": one.takes, "gives": one.gives}
                for one in methods
            ],
        }
        for path, methods in described.items()
    ]
    return {"base": base, "resources": resources}


def _wadl(base: str, described: Mapping[str, Sequence[Method]]) -> str:
    """Write a description whose base is that of the service, as PS3.18 Annex H has it."""
    resources = "".join(
        f'<resource path="{escape(_from_base(path))}">{"".join(_wadl_method(one) for one in methods)}</resource>'
        for path, methods in described.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<application xmlns="http://wadl.dev.java.net/2009/02">'
        f'<resources base="{escape(base + ROOT)}/">{resources}</resources></application>'
    )


def _from_base(path: str) -> str:
    """Give a path as seen from the base of the service, beside which WADO-URI is."""
    return path.removeprefix(f"{ROOT}/") if path.startswith(f"{ROOT}/") else f"..{path}"


def _wadl_method(method: Method) -> str:
    query = "".join(f'<param name="{escape(name)}" style="query"/>' for name in method.query)
    body = "".join(_representations(method.takes))
    request = f"<request>{query}{body}</request>" if query or body else ""
    response = f"<response>{''.join(_representations(method.gives))}</response>"
    return f'<method name="{method.name}" id="{method.id}">{request}{response}</method>'


def _representations(media_types: Sequence[str]) -> Iterator[str]:
    return (f'<representation mediaType="{escape(media_type)}"/>' for media_type in media_types)
