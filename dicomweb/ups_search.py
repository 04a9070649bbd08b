"""The query parameters of searches and filters for workitems (PS3.18 Sections 8.3.4 and 11.9)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydicom.datadict import tag_for_keyword

from archive.attribute_lists import AttributeList, clean, key, vr_of
from dicomweb.problems import bad_request
from dicomweb.qido_params import shown

DEFAULT_LIMIT: Final = 1_000
MAX_LIMIT: Final = 10_000
_MOST_DIGITS: Final = 9
_MOST_PARAMETERS: Final = 256
_TAG_DIGITS: Final = 8
_OPTIONS: Final = frozenset({"limit", "offset", "fuzzymatching", "includefield", "accept", "charset"})
# What is left out unless it is asked for: there may be thousands of instances.
_LONG: Final = frozenset({key("InputInformationSequence"), key("UnifiedProcedureStepPerformedProcedureSequence")})


@dataclass(slots=True, kw_only=True)
class Asked:
    """What the query string says.

    Parameters
    ----------
    keys
        As an attribute list.
    limit, offset
        As they are used.
    fuzzy
        Whether fuzzy matching is asked for.
    with_instances
        Whether input and output are asked for.
    """

    keys: dict[str, list[Any]] = field(default_factory=dict)
    limit: int = DEFAULT_LIMIT
    offset: int = 0
    fuzzy: bool = False
    with_instances: bool = False


class Shown:
    """What of the matches is shown: from the offset on, and one more than the limit, which says that there is more.

    Parameters
    ----------
    asked
        Offset and limit.
    """

    def __init__(self, asked: Asked) -> None:
        self._skipped = asked.offset
        self._limit = asked.limit
        self._entries: list[AttributeList] = []

    def add(self, entries: Sequence[AttributeList]) -> None:
        """Take the next matches; those that are skipped are not kept."""
        self._entries += entries[self._skipped :][: self._limit + 1 - len(self._entries)]
        self._skipped = max(0, self._skipped - len(entries))

    @property
    def entries(self) -> Sequence[AttributeList]:
        """What is shown."""
        return self._entries[: self._limit]

    @property
    def more(self) -> bool:
        """True when enough was found, and there is more."""
        return len(self._entries) > self._limit


def warnings(asked: Asked, *, more: bool) -> list[str]:
    """Say what of a search was not done as it was asked (PS3.18 Sections 8.3.4.2 and 8.3.4.4)."""
    said = ["There are additional results that can be requested."] if more else []
    if asked.fuzzy:
        said.append("The fuzzymatching parameter is not supported. Only literal matching has been performed.")
    return said


def parse(pairs: Iterable[tuple[str, str]]) -> Asked:
    """Read the query string.

    Raises
    ------
    Problem
        400 for a parameter that is not known, or a value that it cannot have; the sentence names the parameter.
    """
    asked = Asked()
    for count, (name, value) in enumerate(pairs):
        if count >= _MOST_PARAMETERS:
            raise bad_request(f"There are more than {_MOST_PARAMETERS} query parameters.")
        if name in _OPTIONS:
            _take_option(asked, name, value)
        else:
            add_key(asked.keys, name, value)
    asked.with_instances = asked.with_instances or bool(_LONG & asked.keys.keys())
    return asked


def parse_filter(text: str) -> dict[str, list[Any]]:
    """Read the `filter` of a subscription: keys and values with commas between (PS3.18 Section 11.10.1.2.2)."""
    keys: dict[str, list[Any]] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        add_key(keys, name.strip(), value.strip())
    return keys


def add_key(keys: dict[str, list[Any]], name: str, value: str) -> None:
    """Add a key by keywords or tags, with a dot between those of a sequence and its attribute."""
    *sequences, last = (_attribute(name, part) for part in name.split("."))
    if vr_of(last) == "SQ" or any(vr_of(each) != "SQ" for each in sequences):
        raise bad_request(f"{shown(name)} is no attribute with a value.")
    for sequence in sequences:
        row = keys.setdefault(sequence, [{}])
        keys = row[0]
    text = value.replace(",", "\\") if vr_of(last) == "UI" else value
    parts = text.split("\\") if vr_of(last) in {"UI", "CS"} else [text]
    keys.setdefault(last, []).extend(clean(part) for part in parts)


def _attribute(name: str, part: str) -> str:
    if len(part) == _TAG_DIGITS and all(digit in "0123456789abcdefABCDEF" for digit in part):
        return part.upper()
    if not part or tag_for_keyword(part) is None:
        raise bad_request(f"The query parameter or attribute {shown(name)} is not known.")
    return key(part)


def _take_option(asked: Asked, name: str, value: str) -> None:
    if name in {"limit", "offset"}:
        if not (value.isascii() and value.isdecimal() and len(value) <= _MOST_DIGITS):
            raise bad_request(f"The query parameter {name} is not a number from 0 on.")
        setattr(asked, name, min(int(value), MAX_LIMIT) if name == "limit" else int(value))
    elif name == "fuzzymatching":
        if value not in {"true", "false"}:
            raise bad_request("The query parameter fuzzymatching is either true or false.")
        asked.fuzzy = value == "true"
    elif name == "includefield":
        wanted = {part.strip() for part in value.split(",") if part.strip()}
        names = {_attribute(part, part.split(".")[0]) for part in wanted - {"all"}}
        asked.with_instances = asked.with_instances or "all" in wanted or bool(names & _LONG)
