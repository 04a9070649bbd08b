"""API keys of programs."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel

from access import apikeys
from access.permissions import Permission
from access.principals import Principal, Role
from api.authenticator import CurrentAuthenticator
from api.authorization import require
from api.dependencies import Web
from api.listing import Items, Listing, Row, read_page
from api.problems import Problem
from archive.pages import parse_id

router = APIRouter(prefix="/apikeys", tags=["apikeys"])

Manager = Annotated[Principal, Depends(require(Permission.MANAGE_ACCOUNTS))]


class ApiKey(Row):
    """A key, without the key itself."""

    id: str
    name: str
    role: Role
    tenant: str
    enabled: bool
    created: str
    expires: str | None
    last_used: str | None


class IssuedKey(ApiKey):
    """A new key. This is the only time that it is shown."""

    key: str


class KeyListing(Listing):
    """Filters of the keys."""

    name: str | None = None
    role: Role | None = None


class NewKey(BaseModel, extra="forbid"):
    """A key to be made."""

    name: str
    role: Role
    expires: AwareDatetime | None = None


@router.get("", response_model=Items[ApiKey])
async def list_keys(web: Web, listing: Annotated[KeyListing, Query()], principal: Manager) -> Any:
    """List keys."""
    return await read_page(web, apikeys.listing, principal, listing)


@router.post("", status_code=HTTPStatus.CREATED, response_model=IssuedKey)
async def create_key(web: Web, new: NewKey, principal: Manager) -> Any:
    """Make a key, in one's own tenant."""
    try:
        item, key = await web.database.write(
            apikeys.create,
            name=new.name,
            role=new.role,
            tenant=principal.tenant,
            expires=_seconds(new.expires),
            principal=principal.username,
            now=web.now(),
        )
    except ValueError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    return {**item, "key": key}


@router.delete("/{key_id}", status_code=HTTPStatus.NO_CONTENT)
async def revoke_key(web: Web, authenticator: CurrentAuthenticator, key_id: str, principal: Manager) -> None:
    """Make a key worthless."""
    await web.database.write(
        apikeys.revoke, principal.tenant, parse_id(key_id), principal=principal.username, now=web.now()
    )
    authenticator.forget()


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
