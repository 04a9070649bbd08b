"""Who is asking."""

from dataclasses import dataclass

from access.permissions import Permission, Role, permissions
from archive.origin import DEFAULT_TENANT

__all__ = ["Permission", "Principal", "Role"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A user, or a program with an API key.

    Parameters
    ----------
    username
        What audit records say.
    name
        The person's name, as a verifying observer of a report.
    role
        What it may do.
    tenant
        Whose objects it sees.
    """

    username: str
    name: str
    role: Role
    tenant: str = DEFAULT_TENANT

    def may(self, permission: Permission) -> bool:
        """Tell whether the role includes `permission`."""
        return permission in permissions(self.role)
