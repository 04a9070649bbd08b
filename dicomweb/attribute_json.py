"""Attribute lists in the DICOM JSON Model, and back (PS3.18 Annex F)."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from archive.attribute_lists import AttributeList, clean, is_kept, vr_of
from archive.errors import NotParsable
from dicomweb.json_values import JsonElement, element_from_values

_WHOLE: Final = frozenset({"IS", "US", "SS", "UL", "SL", "UV", "SV"})
_FRACTIONS: Final = frozenset({"DS", "FL", "FD"})
_DIGITS: Final = re.compile(r"[+-]?[0-9]+")
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_MAX_DEPTH: Final = 8
_TAG_DIGITS: Final = 8
_CHARACTER_SET: Final = "00080005"


def to_json(attributes: AttributeList) -> dict[str, JsonElement]:
    """Write an attribute list, in order of its tags; JSON text is UTF-8."""
    found = _to_json(attributes)
    return {_CHARACTER_SET: {"vr": "CS", "Value": ["ISO_IR 192"]}, **found}


def _to_json(attributes: AttributeList) -> dict[str, JsonElement]:
    return {name: _element(name, attributes[name]) for name in sorted(attributes)}


def _element(name: str, row: Sequence[Any]) -> JsonElement:
    vr = vr_of(name)
    if vr == "SQ":
        return {"vr": vr, "Value": [_to_json(item) for item in row]} if row else {"vr": vr}
    kind = "IS" if vr in _WHOLE else "DS" if vr in _FRACTIONS else vr
    return {**element_from_values(kind, [value or None for value in row] if any(row) else []), "vr": vr}


def from_json(document: Any, depth: int = 0) -> dict[str, list[Any]]:
    """Read an attribute list.

    Raises
    ------
    NotParsable
        It is no data set of the JSON model.
    """
    if not isinstance(document, Mapping) or depth > _MAX_DEPTH:
        raise NotParsable("This is no data set of the DICOM JSON Model.")
    found: dict[str, list[Any]] = {}
    for tag, element in document.items():
        name = str(tag).upper()
        if len(name) != _TAG_DIGITS or not isinstance(element, Mapping) or not _is_hexadecimal(name):
            raise NotParsable("A member of a data set is no attribute.")
        if is_kept(name) and name != _CHARACTER_SET:
            found[name] = [_value(name, value, depth) for value in _values(element)]
    return found


def _values(element: Mapping[str, Any]) -> Sequence[Any]:
    values = element.get("Value", ())
    if not isinstance(values, list | tuple):
        raise NotParsable("The values of an attribute are no list.")
    return values


def _value(name: str, value: Any, depth: int) -> Any:
    vr = vr_of(name)
    if vr == "SQ":
        return from_json(value or {}, depth + 1)
    if vr == "PN" and isinstance(value, Mapping):
        groups = [str(value.get(group) or "") for group in _GROUPS]
        return clean("=".join(groups).rstrip("="))
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise NotParsable("A value is neither text nor a number.")
    return _number(vr, value) if vr in _WHOLE | _FRACTIONS else clean(str(value))


def _number(vr: str, value: str | float) -> str:
    """Read a number, which may be text (PS3.18 Section F.2.4); JavaScript and others write whole ones as 1.0 too."""
    text = str(value).strip()
    if not text:
        return ""
    try:
        number = float(text)
    except ValueError as error:
        raise NotParsable(f"A value of {vr} is no number.") from error
    is_whole = math.isfinite(number) and number.is_integer()
    if "_" in text or (vr in _WHOLE and not is_whole) or (vr == "DS" and not math.isfinite(number)):
        raise NotParsable(f"A value of {vr} is no such number.")
    return clean(text) if vr not in _WHOLE or _DIGITS.fullmatch(text) else str(int(number))


def _is_hexadecimal(name: str) -> bool:
    return all(digit in "0123456789ABCDEF" for digit in name)
