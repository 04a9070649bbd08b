"""The description of the HTTP interface: OpenAPI for programs, one plain page for people."""

from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.description import described, operations

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>HTTP interface · Isocenter</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="dark light"></head>
<body><main><h1>HTTP interface</h1>
<p>{version}. For programs: <a href="/api/v1/openapi.json">OpenAPI description</a>.</p>
{groups}</main></body></html>
"""


@router.get("/api/v1/openapi.json")
async def openapi(request: Request, _: Annotated[Principal, Depends(require(Permission.READ_DOCS))]) -> Response:
    """Answer the OpenAPI description."""
    return JSONResponse(described(request.app))


@router.get("/api/docs")
async def documentation(request: Request, _: Annotated[Principal, Depends(require(Permission.READ_DOCS))]) -> Response:
    """Answer a page that lists every operation. It is plain HTML: the page's security policy allows no scripts."""
    return HTMLResponse(_render(described(request.app)))


def _render(description: dict[str, Any]) -> str:
    groups: dict[str, list[str]] = {}
    for path, method, operation in operations(description):
        tag = operation.get("tags", ["other"])[0]
        groups.setdefault(tag, []).append(_operation(path, method, operation))
    sections = [f"<h2>{escape(tag)}</h2>\n<dl>\n{''.join(entries)}</dl>" for tag, entries in sorted(groups.items())]
    info = description["info"]
    return _PAGE.format(version=escape(f"{info['title']} {info['version']}"), groups="\n".join(sections))


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    parameters = ", ".join(parameter["name"] for parameter in operation.get("parameters", []))
    text = operation.get("description") or operation.get("summary", "")
    lines = [f"<dt><code>{method.upper()} {escape(path)}</code></dt>", f"<dd><p>{escape(text)}</p>"]
    if parameters:
        lines.append(f"<p>Parameters: <code>{escape(parameters)}</code></p>")
    return "\n".join([*lines, "</dd>\n"])
