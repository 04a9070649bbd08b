"""What a Structured Report says, line by line (PS3.3 Section C.17.3). The walk is flat, however deep the tree is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dicomweb.rendering.annotation import person_name, person_names
from dicomweb.rendering.attributes import first_value, items_of, values_of

_CONTENT, _CONCEPT = "0040A730", "0040A043"
_VALUE_TYPE, _RELATIONSHIP = "0040A040", "0040A010"
_MEANING, _CODE_VALUE = "00080104", "00080100"
# Relations whose target says something about its parent, rather than being contained in it.
_ABOUT: Final = {
    "HAS OBS CONTEXT": "context",
    "HAS ACQ CONTEXT": "acquisition",
    "HAS CONCEPT MOD": "modifier",
    "INFERRED FROM": "inferred from",
    "SELECTED FROM": "selected from",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One content item.

    Parameters
    ----------
    depth
        In the tree; 0 for the root.
    name
        Its concept, with the relation to its parent where that is not containment.
    value
        As text; empty for containers.
    heading
        True for containers.
    """

    depth: int
    name: str
    value: str
    heading: bool


def title_of(header: Mapping[str, Any]) -> str:
    """Give the title of the document: the concept of its root."""
    return _code(header, _CONCEPT) or "Structured Report"


def facts_of(header: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give what is said about the document: whose it is, and how far it is finished and verified."""
    observers = (
        f"{person_name(first_value(item, '0040A075'))} {first_value(item, '0040A030') or ''}".strip()
        for item in items_of(header, "0040A073")
    )
    facts = [
        ("Patient", person_names(header, "00100010")),
        ("Patient ID", _text(header, "00100020")),
        ("Study date", _text(header, "00080020")),
        ("Accession number", _text(header, "00080050")),
        ("Content date", f"{_text(header, '00080023')} {_text(header, '00080033')}".strip()),
        ("Completion", _text(header, "0040A491")),
        ("Preliminary", _text(header, "0040A496")),
        ("Verification", _text(header, "0040A493")),
        ("Verified by", "; ".join(filter(None, observers))),
    ]
    return [(name, value) for name, value in facts if value]


def lines_of(header: Mapping[str, Any]) -> Iterator[Line]:
    """Yield the content items under the root, in their order."""
    remaining = [(1, item) for item in reversed(items_of(header, _CONTENT))]
    while remaining:
        depth, item = remaining.pop()
        yield _line(depth, item)
        remaining += [(depth + 1, child) for child in reversed(items_of(item, _CONTENT))]


def _line(depth: int, item: Mapping[str, Any]) -> Line:
    kind = str(first_value(item, _VALUE_TYPE) or "")
    about = _ABOUT.get(str(first_value(item, _RELATIONSHIP)), "")
    name = _code(item, _CONCEPT)
    if "0040DB73" in item:
        # By-reference relationship: the path of the item that is meant.
        return Line(depth=depth, name=about, value=f"item {_all(item, '0040DB73', '.')}", heading=False)
    value = _VALUES[kind](item) if kind in _VALUES else ""
    return Line(
        depth=depth,
        name=f"{name} ({about})" if about and name else name or about or ("Section" if kind == "CONTAINER" else ""),
        value=value,
        heading=kind == "CONTAINER",
    )


def _text(item: Mapping[str, Any], tag: str) -> str:
    value = first_value(item, tag)
    return "" if value is None else str(value)


def _all(item: Mapping[str, Any], tag: str, between: str) -> str:
    return between.join(str(value) for value in values_of(item, tag) if value is not None)


def _code(item: Mapping[str, Any], tag: str) -> str:
    code = next(iter(items_of(item, tag)), {})
    return _text(code, _MEANING) or _text(code, _CODE_VALUE)


def _number(item: Mapping[str, Any]) -> str:
    measured = next(iter(items_of(item, "0040A300")), None)
    if measured is None:
        return _code(item, "0040A301") or "no value"
    unit = next(iter(items_of(measured, "004008EA")), {})
    # The code of UCUM is the symbol; "no units" is written as 1.
    symbol = _text(unit, _CODE_VALUE)
    return f"{_all(measured, '0040A30A', ' ')} {'' if symbol == '1' else symbol}".strip()


def _reference(item: Mapping[str, Any]) -> str:
    reference = next(iter(items_of(item, "00081199")), {})
    frames = _all(reference, "00081160", ", ")
    return _text(reference, "00081155") + (f" frame {frames}" if frames else "")


def _shape(item: Mapping[str, Any]) -> str:
    points = len(values_of(item, "00700022")) // (3 if first_value(item, _VALUE_TYPE) == "SCOORD3D" else 2)
    return f"{_text(item, '00700023').lower()}, {points} points"


def _temporal(item: Mapping[str, Any]) -> str:
    return f"{_text(item, '0040A130').lower()} {_all(item, '0040A132', ', ') or _all(item, '0040A13A', ', ')}".strip()


def _plain(tag: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda item: _text(item, tag)


_VALUES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "TEXT": _plain("0040A160"),
    "CODE": lambda item: _code(item, "0040A168"),
    "NUM": _number,
    "PNAME": lambda item: person_names(item, "0040A123"),
    "DATE": _plain("0040A121"),
    "TIME": _plain("0040A122"),
    "DATETIME": _plain("0040A120"),
    "UIDREF": _plain("0040A124"),
    "IMAGE": _reference,
    "COMPOSITE": _reference,
    "WAVEFORM": _reference,
    "SCOORD": _shape,
    "SCOORD3D": _shape,
    "TCOORD": _temporal,
}
