"""What a request may do: each route names the one permission that it needs."""

from http import HTTPStatus
from typing import Protocol

import structlog
from starlette.requests import HTTPConnection

from access.permissions import Permission
from access.principals import Principal
from api.identity import Identity
from api.problems import Problem

_log = structlog.get_logger()


class Requirement:
    """FastAPI dependency that lets only principals with a permission through, and gives the principal.

    Parameters
    ----------
    permission
        What the principal's role must include.
    """

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, connection: HTTPConnection) -> Principal:
        """Return who asks, or refuse."""
        identity: Identity | None = getattr(connection.state, "identity", None)
        if identity is None:
            raise Problem(HTTPStatus.UNAUTHORIZED, "Credentials are required.")
        if not identity.principal.may(self.permission):
            _log.warning("request_denied", principal=identity.principal.username, permission=self.permission.value)
            raise Problem(HTTPStatus.FORBIDDEN, "Your role does not include this.")
        return identity.principal


class Authorize(Protocol):
    """Makes the dependency for a route; routers of other packages get it as an argument."""

    def __call__(self, permission: Permission, /) -> Requirement:
        """Return the dependency that requires `permission`."""


def require(permission: Permission) -> Requirement:
    """Return the dependency that requires `permission`."""
    return Requirement(permission)
