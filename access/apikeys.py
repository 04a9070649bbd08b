"""API keys of programs. The key is shown once; only its hash is kept."""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, insert, or_, select, update

from access.permissions import Role
from access.principals import Principal
from archive import audit
from archive.errors import NotFound
from archive.origin import DEFAULT_TENANT
from archive.pages import DEFAULT_LIMIT, Page, equals, fetch_page
from archive.tables import apikey
from archive.times import iso

PREFIX: Final = "iso_"
_KEY_BYTES: Final = 32
# `last_used` is written at most this often.
TOUCH_SECONDS: Final = 60.0
_LONGEST_NAME: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key that was found; `to_touch` when it is time to note its use."""

    id: int
    principal: Principal
    to_touch: bool


def create(
    connection: Connection,
    *,
    name: str,
    role: Role,
    now: float,
    tenant: str = DEFAULT_TENANT,
    expires: float | None = None,
    principal: str = "",
) -> tuple[dict[str, Any], str]:
    """Make a key; return the item and the key itself, which nobody can show again.

    Raises
    ------
    ValueError
        The name is empty or too long.
    """
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise ValueError(f"A key's name has 1 to {_LONGEST_NAME} printable characters.")
    key = PREFIX + secrets.token_urlsafe(_KEY_BYTES)
    values = {"tenant": tenant, "name": name, "role": role.value, "key_hash": _hash(key), "expires": expires}
    statement = insert(apikey).values(**values, created=now, enabled=True).returning(*apikey.c)
    row = connection.execute(statement).mappings().one()
    detail = {"apikey_id": str(row["id"]), "name": name, "role": role.value}
    audit.append(connection, tenant, audit.Action.APIKEY_CREATED, principal=principal, now=now, detail=detail)
    return _item(row), key


def find(connection: Connection, key: str, *, now: float) -> ApiKey | None:
    """Return who a key stands for; None when there is no such key, or it expired or was revoked."""
    valid = (apikey.c.enabled.is_(True), or_(apikey.c.expires.is_(None), apikey.c.expires > now))
    statement = select(apikey).where(apikey.c.key_hash == _hash(key), *valid)
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        return None
    principal = Principal(username=f"key:{row['name']}", name=row["name"], role=Role(row["role"]), tenant=row["tenant"])
    to_touch = row["last_used"] is None or now - row["last_used"] >= TOUCH_SECONDS
    return ApiKey(id=row["id"], principal=principal, to_touch=to_touch)


def touch(connection: Connection, apikey_id: int, *, now: float) -> None:
    """Note that a key was used."""
    connection.execute(update(apikey).where(apikey.c.id == apikey_id).values(last_used=now))


def revoke(connection: Connection, tenant: str, apikey_id: int, *, now: float, principal: str = "") -> None:
    """Make a key worthless; its row stays, for the record.

    Raises
    ------
    NotFound
        There is no such key.
    """
    which = (apikey.c.tenant == tenant, apikey.c.id == apikey_id)
    if not connection.execute(update(apikey).where(*which).values(enabled=False)).rowcount:
        raise NotFound
    detail = {"apikey_id": str(apikey_id)}
    audit.append(connection, tenant, audit.Action.APIKEY_REVOKED, principal=principal, now=now, detail=detail)


def listing(
    connection: Connection,
    /,
    tenant: str,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    **filters: str | None,
) -> Page:
    """List keys, without the keys themselves; filters: `name`, `role`."""
    columns = {name: apikey.c[name] for name in ("name", "role")}
    statement = select(apikey).where(apikey.c.tenant == tenant, *equals(columns, filters))
    return fetch_page(connection, statement, apikey.c.id, _item, limit=limit, cursor=cursor)


def _hash(key: str) -> str:
    # The key is random and long: a fast hash is enough, other than for passwords.
    return sha256(key.encode()).hexdigest()


def _item(row: RowMapping) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in ("name", "role", "tenant", "enabled")},
        **{name: iso(row[name]) for name in ("created", "expires", "last_used")},
    }
