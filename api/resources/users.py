"""Accounts of people."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from access import users
from access.passwords import WeakPassword, hash_password
from access.permissions import Permission
from access.principals import Principal, Role
from api.authenticator import CurrentAuthenticator
from api.authorization import require
from api.declarations import is_addressable
from api.dependencies import Web
from api.listing import Items, Listing, Row, read_page
from api.problems import Problem

router = APIRouter(prefix="/users", tags=["users"])

Manager = Annotated[Principal, Depends(require(Permission.MANAGE_ACCOUNTS))]
PasswordText = Annotated[str, Field(max_length=1024)]
PersonName = Annotated[str, Field(max_length=256)]


class User(Row):
    """An account."""

    username: str
    name: str
    role: Role
    tenant: str
    enabled: bool
    created: str


class UserListing(Listing):
    """Filters of the accounts."""

    username: str | None = None
    name: str | None = None
    role: Role | None = None


class NewUser(BaseModel, extra="forbid"):
    """An account to be made."""

    username: str
    password: PasswordText
    role: Role
    name: PersonName = ""


class UserChange(BaseModel, extra="forbid"):
    """What is to change of an account; a new password, role or state ends its sessions."""

    password: PasswordText | None = None
    name: PersonName | None = None
    role: Role | None = None
    enabled: bool | None = None


@router.get("", response_model=Items[User])
async def list_users(web: Web, listing: Annotated[UserListing, Query()], principal: Manager) -> Any:
    """List accounts."""
    return await read_page(web, users.listing, principal, listing)


@router.post("", status_code=HTTPStatus.CREATED, response_model=User)
async def add_user(web: Web, new: NewUser, principal: Manager) -> Any:
    """Make an account, in one's own tenant."""
    if not is_addressable(new.username):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "A user name has no slash: it is a part of its path.")
    password_hash = await _hash(new.password)
    try:
        return await web.database.write(
            users.add,
            username=new.username,
            name=new.name,
            role=new.role,
            password_hash=password_hash,
            tenant=principal.tenant,
            principal=principal.username,
            now=web.now(),
        )
    except ValueError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error


@router.put("/{username}", response_model=User)
async def change_user(
    web: Web, authenticator: CurrentAuthenticator, username: str, change: UserChange, principal: Manager
) -> Any:
    """Change what is given of an account."""
    user = await web.database.write(
        users.change,
        principal.tenant,
        username,
        password_hash=await _hash(change.password) if change.password is not None else None,
        name=change.name,
        role=change.role,
        enabled=change.enabled,
        principal=principal.username,
        now=web.now(),
    )
    authenticator.forget()
    return user


@router.delete("/{username}", status_code=HTTPStatus.NO_CONTENT)
async def remove_user(web: Web, authenticator: CurrentAuthenticator, username: str, principal: Manager) -> None:
    """Delete an account with its sessions."""
    await web.database.write(users.remove, principal.tenant, username, principal=principal.username, now=web.now())
    authenticator.forget()


async def _hash(password: str) -> str:
    """Hash in a thread: it takes a processor for a while, on purpose."""
    try:
        return await asyncio.to_thread(hash_password, password)
    except WeakPassword as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
