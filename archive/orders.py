"""Orders for imaging as HL7 messages say them: ORM^O01 and OMI^O23 (IHE RAD-4 and RAD-13)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from archive import order_attributes
from archive.attribute_lists import AttributeList, from_keywords
from archive.errors import NotParsable
from archive.hl7 import Message, Segment, first
from archive.scheduling import completed, require_complete

_KINDS: Final = frozenset({"ORM^O01", "OMI^O23"})
# More steps than any message of one patient has.
_MOST_STEPS: Final = 64


class Control(Enum):
    """What is to be done with an order."""

    NEW = auto()
    CHANGE = auto()
    CANCEL = auto()


# ORC-1: HL7 table 0119.
_CONTROLS: Final = {
    "NW": Control.NEW,
    "SN": Control.NEW,
    "XO": Control.CHANGE,
    "XX": Control.CHANGE,
    "CA": Control.CANCEL,
    "OC": Control.CANCEL,
    "DC": Control.CANCEL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a message says of one order.

    Parameters
    ----------
    control
        What is to be done.
    placer, filler
        Its numbers at the one who asks and at the one who does it, with who gave them; one may be empty.
    steps
        Its scheduled procedure steps, as far as the message describes them: none if it is canceled.
    """

    control: Control
    placer: str
    filler: str
    steps: tuple[AttributeList, ...]


def read(message: Message) -> tuple[Order, ...]:
    """Read the orders of a message. What it says of one order in several groups is one order.

    Raises
    ------
    NotParsable
        It is another kind of message, or a field of it is wrong.
    """
    if message.kind not in _KINDS:
        raise NotParsable("MSH-9 is neither ORM^O01 nor OMI^O23.")
    if not message.header.text(10):
        raise NotParsable("MSH-10 has no value: the message control ID.")
    orders: dict[tuple[Control, str, str], list[AttributeList]] = {}
    for group in _groups(message):
        control, placer, filler = _identity(group[0])
        steps = [] if control is Control.CANCEL else _steps(message, group)
        orders.setdefault((control, placer, filler), []).extend(steps)
    if not orders:
        raise NotParsable("There is no segment ORC.")
    if sum(map(len, orders.values())) > _MOST_STEPS:
        raise NotParsable(f"There are more than {_MOST_STEPS} steps in the message.")
    return tuple(
        Order(control=control, placer=placer, filler=filler, steps=tuple(steps))
        for (control, placer, filler), steps in orders.items()
    )


def _groups(message: Message) -> Iterator[list[Segment]]:
    """Split a message into its orders: each begins with ORC. ZDS comes last and is said of all of them."""
    starts = [index for index, segment in enumerate(message.segments) if segment.name == "ORC"]
    study = first(message.segments, "ZDS")
    for start, end in zip(starts, [*starts[1:], len(message.segments)], strict=True):
        group = list(message.segments[start:end])
        yield group if study is None or first(group, "ZDS") else [*group, study]


def _identity(order: Segment) -> tuple[Control, str, str]:
    control = _CONTROLS.get(order.text(1))
    if control is None:
        raise NotParsable(f"ORC-1 is none of {', '.join(_CONTROLS)}.")
    placer, filler = _number(order, 2), _number(order, 3)
    if not placer and not filler:
        raise NotParsable("ORC-2 and ORC-3 have no value: one of them must say which order it is.")
    return control, placer, filler


def _number(order: Segment, field: int) -> str:
    """Return an entity identifier with the namespace that makes it unique."""
    value = order.text(field)
    return f"{value}^{order.text(field, 2)}".rstrip("^") if value else ""


def _steps(message: Message, group: Sequence[Segment]) -> list[AttributeList]:
    patient, request = first(message.segments, "PID"), first(group, "OBR")
    if patient is None:
        raise NotParsable("There is no segment PID.")
    if request is None:
        raise NotParsable("There is no segment OBR behind ORC.")
    common = {
        **order_attributes.of_patient(patient, first(message.segments, "PV1")),
        **order_attributes.of_request(group[0], request),
    }
    described = [{**common, **step} for step in order_attributes.of_steps(group[0], request, group)]
    steps: list[AttributeList] = [from_keywords(_with_values(step)) for step in described]
    for step in steps:
        require_complete(completed(step))
    return steps


def _with_values(described: dict[str, Any]) -> dict[str, Any]:
    """Leave out what has no value, so that what the node made for it stays when an order changes."""
    shown = {keyword: value for keyword, value in described.items() if value not in ("", [])}
    for keyword, value in shown.items():
        if isinstance(value, list):
            shown[keyword] = [_with_values(item) for item in value]
    return shown
