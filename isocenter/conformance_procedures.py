"""What the conformance statement says of the modality worklist and of performed procedure steps."""

from collections.abc import Iterator
from typing import Final

_N_CREATE: Final = (
    ("0000H", "the step is kept"),
    ("0106H", "refused: the status is not IN PROGRESS, or a UID is none"),
    ("0110H", "refused: the attribute list cannot be parsed, or not be kept now"),
    ("0111H", "refused: the SOP Instance exists"),
    ("0117H", "refused: the SOP Instance UID is not valid"),
    ("0120H, 0121H", "refused: an attribute of type 1 is missing, or empty; the Error Comment names it"),
    ("0124H", "refused: this AE may not report steps"),
)
_N_SET: Final = (
    ("0000H", "the change is kept"),
    ("0105H", "refused: an attribute that is fixed at creation would change"),
    ("0106H", "refused: the status, or a UID, is none"),
    ("0110H", "refused; with Error ID A710H: the step is COMPLETED or DISCONTINUED and may no longer be updated"),
    ("0112H", "refused: there is no such SOP Instance"),
    ("0120H, 0121H", "refused: an attribute that the final state needs is missing, or empty"),
    ("0124H", "refused: this AE may not report steps"),
)


def procedures() -> Iterator[str]:
    """Write the parts on worklist and performed procedure steps as SCP."""
    yield "### Modality worklist: behaviour"
    yield ""
    yield (
        "Every attribute of an entry may be asked for and be a matching key, at any level of nesting: by single value, "
        "wildcards, ranges of dates and times, lists of UIDs, sequences. Ranges of Scheduled Procedure Step Start Date "
        "and Time together are one period. Person names match without regard to case, whole or in one component "
        "group; AE titles and codes match exactly. One response is sent for each scheduled procedure step that is "
        "scheduled or in progress. FF01H marks responses to keys that are neither in PS3.4 Table K.6-1 nor in the "
        "entry; they are answered empty. More than 10,000 matches end with A700H."
    )
    yield ""
    yield "### Modality performed procedure step: behaviour"
    yield ""
    yield (
        "A step that was scheduled here sets the state of its worklist entry: one that is COMPLETED or DISCONTINUED is "
        "told to modalities no more, but a step discontinued for (110514, DCM) makes its entry scheduled again. A "
        "series of a COMPLETED step is complete when exactly the instances that the step lists are here."
    )
    yield ""
    yield from _rows("N-CREATE status", _N_CREATE)
    yield from _rows("N-SET status", _N_SET)


def _rows(name: str, rows: tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield f"| {name} | Meaning |"
    yield "| --- | --- |"
    for value, meaning in rows:
        yield f"| {value} | {meaning} |"
    yield ""
