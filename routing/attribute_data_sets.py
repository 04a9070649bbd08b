"""Attribute lists as the data sets of requests of ours (PS3.5 Section 7)."""

from typing import Any, Final

from pydicom import Dataset

from archive.attribute_lists import AttributeList, vr_of

_WHOLE: Final = frozenset({"US", "SS", "UL", "SL", "UV", "SV"})
_FRACTIONS: Final = frozenset({"FL", "FD"})


def data_set_of(attributes: AttributeList) -> Dataset:
    """Make a data set, its text in UTF-8 where ASCII does not hold it."""
    dataset = _without_character_set(attributes)
    if not all(text.isascii() for text in _texts(attributes)):
        dataset.SpecificCharacterSet = "ISO_IR 192"
    return dataset


def _without_character_set(attributes: AttributeList) -> Dataset:
    dataset = Dataset()
    for name, row in attributes.items():
        vr = vr_of(name)
        dataset.add_new(int(name, 16), vr, [_value(vr, each) for each in row])
    return dataset


def _value(vr: str, value: Any) -> Any:
    if vr == "SQ":
        return _without_character_set(value)
    if vr in _WHOLE:
        return int(value)
    return float(value) if vr in _FRACTIONS else value


def _texts(attributes: AttributeList) -> list[str]:
    found: list[str] = []
    for name, row in attributes.items():
        for value in row:
            found += _texts(value) if vr_of(name) == "SQ" else [value]
    return found
