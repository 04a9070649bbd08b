"""The session of a person in the viewer."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from access import sessions
from access.permissions import Permission, permissions
from access.principals import Principal, Role
from access.sessions import NewSession
from api.authenticator import CurrentAuthenticator, address_of
from api.authorization import require
from api.credentials import COOKIE, SECURE_COOKIE
from api.dependencies import Web, WebDependencies
from api.identity import Identity
from api.listing import Row
from api.problems import Problem
from archive import audit
from archive.audit import Action, Outcome
from archive.origin import DEFAULT_TENANT

router = APIRouter(prefix="/session", tags=["session"])

Anybody = Annotated[Principal, Depends(require(Permission.OWN_SESSION))]
_LONGEST_NAME: Final = 64


class Login(BaseModel, extra="forbid"):
    """Who wants to come in."""

    username: Annotated[str, Field(max_length=256)]
    password: Annotated[str, Field(max_length=1024)]


class Session(Row):
    """Who is in. `csrf` goes into the header X-CSRF-Token of requests that change something."""

    username: str
    name: str
    role: Role
    tenant: str
    csrf: str | None
    permissions: list[Permission]


@router.post("", response_model=Session)
async def log_in(
    web: Web, authenticator: CurrentAuthenticator, request: Request, response: Response, login: Login
) -> Any:
    """Begin a session; the cookie in the answer stands for it."""
    account = await authenticator.account(login.username, login.password, address_of(request))
    if account is None:
        claimed = _printable(login.username[:_LONGEST_NAME])
        await _note(web, request, Action.LOGIN, Outcome.FAILURE, username=claimed, tenant=DEFAULT_TENANT)
        raise Problem(HTTPStatus.UNAUTHORIZED, "User name or password is wrong.")
    new = await web.database.write(sessions.create, account.id, now=web.now())
    who = account.principal
    await _note(web, request, Action.LOGIN, Outcome.SUCCESS, username=who.username, tenant=who.tenant)
    _set_cookie(request, response, new, web.now())
    return _session(who, new.csrf)


@router.get("", response_model=Session)
async def read_session(request: Request, principal: Anybody) -> Any:
    """Answer who is in."""
    identity: Identity = request.state.identity
    return _session(principal, identity.csrf)


@router.delete("", status_code=HTTPStatus.NO_CONTENT)
async def log_out(
    web: Web, authenticator: CurrentAuthenticator, request: Request, response: Response, principal: Anybody
) -> None:
    """End the session: its cookie is worth nothing from now on."""
    identity: Identity = request.state.identity
    if identity.session is not None:
        await web.database.write(sessions.end, identity.session)
        authenticator.forget()
        who = principal
        await _note(web, request, Action.LOGOUT, Outcome.SUCCESS, username=who.username, tenant=who.tenant)
    for name in (COOKIE, SECURE_COOKIE):
        response.delete_cookie(name, path="/", secure=name == SECURE_COOKIE, httponly=True, samesite="strict")


def _printable(text: str) -> str:
    """Escape what would disturb who reads the record, or the database: PostgreSQL holds no NUL."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def _session(principal: Principal, csrf: str | None) -> dict[str, Any]:
    return {
        "username": principal.username,
        "name": principal.name,
        "role": principal.role,
        "tenant": principal.tenant,
        "csrf": csrf,
        "permissions": sorted(permissions(principal.role)),
    }


def _set_cookie(request: Request, response: Response, session: NewSession, now: float) -> None:
    secure = request.url.scheme == "https"
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        session.token,
        max_age=int(session.expires - now),
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )


async def _note(
    web: WebDependencies, request: Request, action: Action, outcome: Outcome, *, username: str, tenant: str
) -> None:
    now, address = web.now(), address_of(request)
    await web.database.write(audit.append, tenant, action, outcome, username, now=now, address=address)
