"""Attribute lists as the data sets of requests of ours (PS3.5 Section 7).

They may come from others, and a value may be none of its attribute's: it is then left out.
"""

from collections.abc import Sequence
from typing import Any, Final

from pydicom import DataElement, Dataset, config

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
        dataset.add(_element(int(name, 16), vr_of(name), row))
    return dataset


def _element(tag: int, vr: str, row: Sequence[Any]) -> DataElement:
    try:
        return DataElement(tag, vr, [_value(vr, each) for each in row], validation_mode=config.IGNORE)
    except (ValueError, OverflowError, TypeError):
        return DataElement(tag, vr, None)


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
