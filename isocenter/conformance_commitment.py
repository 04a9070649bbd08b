"""What the conformance statement says of storage commitment (PS3.4 Annex J)."""

from collections.abc import Iterator
from typing import Final

_ACTION_STATUSES: Final = (
    ("0000H", "the request is kept, and will be reported on"),
    ("0112H", "refused: not the well-known SOP Instance"),
    ("0115H", "refused: Action Information without valid UIDs, or a Transaction UID in use for other objects"),
    ("0123H", "refused: not Action Type 1"),
    ("0124H", "refused: this AE may not ask for commitment"),
    ("0213H", "refused: the request cannot be kept now; worth another attempt"),
)
_FAILURE_REASONS: Final = (
    ("0110H", "the file is damaged or gone"),
    ("0112H", "there is no such object"),
    ("0119H", "the object has another SOP class"),
)


def commitment() -> Iterator[str]:
    """Write the part on storage commitment as SCP."""
    yield "### Storage commitment: behaviour"
    yield ""
    yield (
        "Each object is read from the disk again and compared with the hash of what arrived. The report "
        "(N-EVENT-REPORT) goes over a new association, with role selection (SCP), or over that of the request where "
        'the AE has `commitment_report = "same"` or is not configured; it is repeated until it is taken, for about '
        "16 hours. The same request again is examined and reported again. Reports on requests of this node are taken "
        "from the AE that was asked, with role selection."
    )
    yield ""
    yield from _rows("N-ACTION status", _ACTION_STATUSES)
    yield from _rows("Failure Reason", _FAILURE_REASONS)


def _rows(name: str, rows: tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield f"| {name} | Meaning |"
    yield "| --- | --- |"
    for value, meaning in rows:
        yield f"| {value} | {meaning} |"
    yield ""
