"""What each role may do. Every route of the API and of DICOMweb names one permission."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """Roles of users and API keys."""

    ADMIN = "admin"
    CLINICIAN = "clinician"
    SERVICE = "service"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """What a role may include."""

    OWN_SESSION = "own-session"
    READ_DOCS = "read-docs"
    READ_IMAGES = "read-images"
    STORE_IMAGES = "store-images"
    UPLOAD = "upload"
    DELETE_STUDIES = "delete-studies"
    READ_STATUS = "read-status"
    CONTROL_JOBS = "control-jobs"
    READ_RESULTS = "read-results"
    READ_HIDDEN_RESULTS = "read-hidden-results"
    DECIDE_RESULTS = "decide-results"
    READ_DELIVERIES = "read-deliveries"
    CONTROL_DELIVERIES = "control-deliveries"
    QUERY_REMOTE = "query-remote"
    READ_WORKLIST = "read-worklist"
    SCHEDULE = "schedule"
    READ_EVENTS = "read-events"
    READ_ASSOCIATIONS = "read-associations"
    READ_AUDIT = "read-audit"
    READ_STATISTICS = "read-statistics"
    READ_METRICS = "read-metrics"
    READ_SYSTEM = "read-system"
    READ_CONFIGURATION = "read-configuration"
    CONFIGURE = "configure"
    MANAGE_ACCOUNTS = "manage-accounts"


_EVERYBODY: Final = frozenset({Permission.OWN_SESSION, Permission.READ_DOCS, Permission.READ_EVENTS})

PERMISSIONS: Final = MappingProxyType(
    {
        Role.ADMIN: frozenset(Permission),
        Role.CLINICIAN: _EVERYBODY
        | {
            Permission.READ_IMAGES,
            Permission.STORE_IMAGES,
            Permission.UPLOAD,
            Permission.READ_STATUS,
            Permission.CONTROL_JOBS,
            Permission.READ_RESULTS,
            Permission.DECIDE_RESULTS,
            Permission.READ_DELIVERIES,
            Permission.QUERY_REMOTE,
            Permission.READ_STATISTICS,
            Permission.READ_WORKLIST,
        },
        Role.SERVICE: _EVERYBODY
        | {
            Permission.READ_IMAGES,
            Permission.STORE_IMAGES,
            Permission.UPLOAD,
            Permission.READ_STATUS,
            Permission.READ_RESULTS,
            Permission.READ_DELIVERIES,
            Permission.READ_STATISTICS,
            Permission.READ_METRICS,
            # Systems that plan examinations speak to the API as this role.
            Permission.READ_WORKLIST,
            Permission.SCHEDULE,
        },
        # Sees who did what, never an image or a report.
        Role.AUDITOR: _EVERYBODY
        | {
            Permission.READ_AUDIT,
            Permission.READ_ASSOCIATIONS,
            Permission.READ_STATISTICS,
            Permission.READ_METRICS,
        },
    }
)


def permissions(role: Role) -> frozenset[Permission]:
    """Return what `role` includes."""
    return PERMISSIONS[role]
