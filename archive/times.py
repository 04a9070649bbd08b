"""Times as the outside sees them: ISO 8601 in UTC, with milliseconds and `Z`."""

from datetime import UTC, datetime
from typing import overload


@overload
def iso(seconds: float) -> str: ...
@overload
def iso(seconds: None) -> None: ...
@overload
def iso(seconds: float | None) -> str | None: ...
def iso(seconds: float | None) -> str | None:
    """Return seconds since the epoch as `2026-01-01T10:10:10.123Z`; None stays None."""
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def dicom_moment(moment: float) -> str:
    """Return a moment as DT, with the offset from UTC (PS3.5 Section 6.2)."""
    return datetime.fromtimestamp(moment, UTC).astimezone().strftime("%Y%m%d%H%M%S%z")
