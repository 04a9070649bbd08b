"""Codes in workitems: which analyzer is meant, who performed, why something was discontinued."""

from typing import Any, Final

from archive.attribute_lists import AttributeList, items, key, text

# PS3.16 Section 8.2: private coding schemes begin with 99.
SCHEME: Final = "99ISOCENTER"
_LONGEST_CODE: Final = 16
_LONGEST_MEANING: Final = 64


def code(value: str, scheme: str, meaning: str) -> dict[str, list[str]]:
    """Make the item of a code sequence; values that are too long for Code Value are Long Code Values (PS3.3 8.1)."""
    keyword = "CodeValue" if len(value) <= _LONGEST_CODE else "LongCodeValue"
    return {
        key(keyword): [value],
        key("CodingSchemeDesignator"): [scheme],
        key("CodeMeaning"): [meaning[:_LONGEST_MEANING]],
    }


def analyzer_code(name: str) -> dict[str, list[str]]:
    """Name an analyzer of this node as a workitem code."""
    return code(name, SCHEME, name)


def analyzer_of(attributes: AttributeList) -> str:
    """Return the analyzer of this node that a workitem is scheduled for; blank where it names none."""
    for item in items(attributes, "ScheduledWorkitemCodeSequence"):
        if text(item, "CodingSchemeDesignator") == SCHEME:
            return text(item, "CodeValue") or text(item, "LongCodeValue")
    return ""


def station_code(name: str) -> dict[str, list[str]]:
    """Name whoever performs as a station."""
    return code(name, SCHEME, name)


# PS3.16 CID 9300.
UNSPECIFIED: Final[dict[str, Any]] = code("110513", "DCM", "Discontinued for unspecified reason")
