"""Where an object came from: the facts that audit, rules and results need to know."""

from dataclasses import dataclass
from enum import StrEnum

DEFAULT_TENANT = "default"


class OriginKind(StrEnum):
    """The door through which an object entered."""

    DIMSE = "dimse"
    STOW = "stow"
    UPLOAD = "upload"
    IMPORT = "import"
    ANALYSIS = "analysis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The sender of an object.

    Parameters
    ----------
    kind
        The door it came through.
    tenant
        The tenant the object belongs to.
    ae_title
        Calling AE title, for DIMSE.
    address
        Peer address as text, without port.
    principal
        User or API key name, for HTTP.
    association_id
        Row of `archive.associations`, for DIMSE.
    job_id
        The job that made the object, for results.
    """

    kind: OriginKind
    tenant: str = DEFAULT_TENANT
    ae_title: str | None = None
    address: str | None = None
    principal: str | None = None
    association_id: int | None = None
    job_id: int | None = None
