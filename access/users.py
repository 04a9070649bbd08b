"""Accounts of people."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, func, select, update

from access.passwords import generate_password, hash_password
from access.permissions import Role
from access.principals import Principal
from archive import audit
from archive.errors import Conflict, NotFound
from archive.inserting import insert_missing
from archive.origin import DEFAULT_TENANT
from archive.pages import DEFAULT_LIMIT, Page, equals, fetch_page
from archive.tables import session, user
from archive.times import iso

FIRST_ADMIN: Final = "admin"
_LONGEST_NAME: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as a login needs it; `password_hash` is for `access.passwords`."""

    id: int
    principal: Principal
    password_hash: str
    enabled: bool


def find(connection: Connection, username: str) -> Account | None:
    """Return the account of that name; None where there is none, or it is disabled."""
    if "\0" in username:
        return None
    statement = select(user).where(user.c.username == username, user.c.enabled.is_(True))
    row = connection.execute(statement).mappings().one_or_none()
    return None if row is None else _account(row)


def add(
    connection: Connection,
    *,
    username: str,
    password_hash: str,
    role: Role,
    now: float,
    name: str = "",
    tenant: str = DEFAULT_TENANT,
    principal: str = "",
) -> dict[str, Any]:
    """Make an account; `principal` is who did it, `password_hash` from `access.passwords.hash_password`.

    Raises
    ------
    Conflict
        The name is taken.
    ValueError
        The name is empty, too long, or not printable.
    """
    _require_name(username)
    row = {
        "tenant": tenant,
        "username": username,
        "name": name or username,
        "role": role.value,
        "password_hash": password_hash,
        "enabled": True,
        "created": now,
    }
    if not insert_missing(connection, user, [row]):
        raise Conflict(f"There is a user {username!r} already.")
    detail = {"username": username, "role": role.value}
    audit.append(connection, tenant, audit.Action.USER_CREATED, principal=principal, now=now, detail=detail)
    return get(connection, tenant, username)


def get(connection: Connection, tenant: str, username: str) -> dict[str, Any]:
    """Return one account.

    Raises
    ------
    NotFound
        There is none of that name.
    """
    statement = select(user).where(user.c.tenant == tenant, user.c.username == username)
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise NotFound
    return _item(row)


def change(
    connection: Connection,
    tenant: str,
    username: str,
    *,
    now: float,
    password_hash: str | None = None,
    name: str | None = None,
    role: Role | None = None,
    enabled: bool | None = None,
    principal: str = "",
) -> dict[str, Any]:
    """Change what is given; a new password, a new role or disabling the account ends its sessions.

    Raises
    ------
    NotFound
        There is none of that name.
    Conflict
        Nobody would be left who may change anything.
    """
    role_name = None if role is None else role.value
    given = {"name": name, "role": role_name, "enabled": enabled, "password_hash": password_hash}
    values = {key: value for key, value in given.items() if value is not None}
    account = get(connection, tenant, username)
    if values:
        which = (user.c.tenant == tenant, user.c.username == username)
        connection.execute(update(user).where(*which).values(values))
    if values.keys() - {"name"}:
        _require_admin(connection)
        connection.execute(delete(session).where(session.c.user_id == int(account["id"])))
    detail = {"username": username, "changed": sorted(values)}
    audit.append(connection, tenant, audit.Action.USER_CHANGED, principal=principal, now=now, detail=detail)
    return get(connection, tenant, username)


def remove(connection: Connection, tenant: str, username: str, *, now: float, principal: str = "") -> None:
    """Delete an account and its sessions.

    Raises
    ------
    NotFound
        There is none of that name.
    Conflict
        It is the last administrator's.
    """
    account = get(connection, tenant, username)
    connection.execute(delete(session).where(session.c.user_id == int(account["id"])))
    connection.execute(delete(user).where(user.c.id == int(account["id"])))
    _require_admin(connection)
    detail = {"username": username}
    audit.append(connection, tenant, audit.Action.USER_DELETED, principal=principal, now=now, detail=detail)


def listing(
    connection: Connection,
    /,
    tenant: str,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    **filters: str | None,
) -> Page:
    """List accounts; filters: `username`, `name`, `role`."""
    columns = {name: user.c[name] for name in ("username", "name", "role")}
    statement = select(user).where(user.c.tenant == tenant, *equals(columns, filters))
    return fetch_page(connection, statement, user.c.id, _item, limit=limit, cursor=cursor)


def ensure_admin(connection: Connection, password: str | None, *, now: float) -> str | None:
    """Make the first administrator `admin`, where there is no account at all.

    Parameters
    ----------
    password
        `security.admin_password`.

    Returns
    -------
    str or None
        The generated password, to be shown once; None where none was needed.
    """
    if connection.execute(select(func.count()).select_from(user)).scalar_one():
        return None
    generated = None if password else generate_password()
    # Once in the life of a node: nobody waits for this transaction. Whoever writes the configuration may choose.
    password_hash = hash_password(password or generated or "", min_length=1)
    try:
        add(
            connection,
            username=FIRST_ADMIN,
            password_hash=password_hash,
            role=Role.ADMIN,
            name="Administrator",
            now=now,
            principal="isocenter",
        )
    except Conflict:
        # Another process was quicker, and shows its password.
        return None
    return generated


def _require_name(username: str) -> None:
    if not 0 < len(username) <= _LONGEST_NAME or not username.isprintable() or ":" in username:
        # HTTP Basic separates name and password by a colon (RFC 7617).
        raise ValueError(f"A user name has 1 to {_LONGEST_NAME} printable characters and no colon.")


def _require_admin(connection: Connection) -> None:
    admins = (user.c.role == Role.ADMIN.value, user.c.enabled.is_(True))
    if not connection.execute(select(func.count()).select_from(user).where(*admins)).scalar_one():
        raise Conflict("An administrator must be left.")


def _account(row: RowMapping) -> Account:
    principal = Principal(username=row["username"], name=row["name"], role=Role(row["role"]), tenant=row["tenant"])
    return Account(id=row["id"], principal=principal, password_hash=row["password_hash"], enabled=row["enabled"])


def _item(row: RowMapping) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in ("username", "name", "role", "tenant", "enabled")},
        "created": iso(row["created"]),
    }
