"""What each role may do, and what it must not."""

import pytest

from access.permissions import Permission, Role, permissions
from access.principals import Principal


def test_an_administrator_may_everything() -> None:
    assert permissions(Role.ADMIN) == set(Permission)


@pytest.mark.parametrize("role", Role)
def test_every_role_has_its_permissions(role: Role) -> None:
    assert {Permission.OWN_SESSION, Permission.READ_EVENTS} <= permissions(role)


@pytest.mark.parametrize(
    ("role", "permission"),
    [
        (Role.AUDITOR, Permission.READ_IMAGES),
        (Role.AUDITOR, Permission.READ_RESULTS),
        (Role.AUDITOR, Permission.STORE_IMAGES),
        (Role.CLINICIAN, Permission.CONFIGURE),
        (Role.CLINICIAN, Permission.MANAGE_ACCOUNTS),
        (Role.CLINICIAN, Permission.READ_AUDIT),
        (Role.CLINICIAN, Permission.DELETE_STUDIES),
        (Role.CLINICIAN, Permission.READ_HIDDEN_RESULTS),
        (Role.SERVICE, Permission.DECIDE_RESULTS),
        (Role.SERVICE, Permission.CONFIGURE),
        (Role.SERVICE, Permission.READ_AUDIT),
    ],
)
def test_a_role_may_not_what_is_not_its_business(role: Role, permission: Permission) -> None:
    assert not Principal(username="x", name="X", role=role).may(permission)


@pytest.mark.parametrize(
    ("role", "permission"),
    [
        (Role.CLINICIAN, Permission.DECIDE_RESULTS),
        (Role.CLINICIAN, Permission.UPLOAD),
        (Role.SERVICE, Permission.STORE_IMAGES),
        (Role.SERVICE, Permission.READ_STATUS),
        (Role.AUDITOR, Permission.READ_AUDIT),
        (Role.AUDITOR, Permission.READ_ASSOCIATIONS),
    ],
)
def test_a_role_may_what_it_is_for(role: Role, permission: Permission) -> None:
    assert Principal(username="x", name="X", role=role).may(permission)
