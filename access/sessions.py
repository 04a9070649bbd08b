"""Sessions of people in the viewer. Only hashes of tokens are kept: who reads the database cannot log in with it."""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from access.permissions import Role
from access.principals import Principal
from archive.tables import session, user

SESSION_SECONDS: Final = 12 * 3600.0
_TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session at login: the token goes into the cookie and is not kept; `expires` in seconds since the epoch."""

    token: str
    csrf: str
    expires: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that a token opened."""

    principal: Principal
    csrf: str
    expires: float


def create(connection: Connection, user_id: int, *, now: float) -> NewSession:
    """Begin a session; each login gets a new token, so that one planted before it is worth nothing."""
    new = NewSession(
        token=secrets.token_urlsafe(_TOKEN_BYTES),
        csrf=secrets.token_urlsafe(_TOKEN_BYTES),
        expires=now + SESSION_SECONDS,
    )
    values = {"user_id": user_id, "csrf": new.csrf, "created": now, "expires": new.expires}
    connection.execute(insert(session).values(token_hash=_hash(new.token), **values))
    return new


def find(connection: Connection, token: str, *, now: float) -> Session | None:
    """Return the session of a token; None when it ended, or its user is disabled."""
    statement = (
        select(session.c.csrf, session.c.expires, user.c.username, user.c.name, user.c.role, user.c.tenant)
        .join(user, user.c.id == session.c.user_id)
        .where(session.c.token_hash == _hash(token), session.c.expires > now, user.c.enabled.is_(True))
    )
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        return None
    principal = Principal(username=row["username"], name=row["name"], role=Role(row["role"]), tenant=row["tenant"])
    return Session(principal=principal, csrf=row["csrf"], expires=row["expires"])


def end(connection: Connection, token: str) -> None:
    """End a session."""
    connection.execute(delete(session).where(session.c.token_hash == _hash(token)))


def purge_expired(connection: Connection, *, now: float) -> int:
    """Remove sessions that are over; return how many."""
    return connection.execute(delete(session).where(session.c.expires <= now)).rowcount


def _hash(token: str) -> str:
    # The token is random and long: a fast hash is enough, other than for passwords.
    return sha256(token.encode()).hexdigest()
