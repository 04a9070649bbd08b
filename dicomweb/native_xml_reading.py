"""The Native DICOM Model read: XML as the DICOM JSON Model (PS3.19 Annex A.1, PS3.18 Section 8.7.3.2).

The XML is from anyone: entities and document types, by which a few bytes become many, are refused. What an element
holds is made as soon as it ends, so that neither depth nor number of elements is more than the limits allow.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from xml.parsers import expat

from archive.errors import LimitExceeded, NotParsable
from archive.limits import Limits
from dicomweb.json_values import JsonElement

_LIMITS: Final = Limits(depth=24)
_NODES_OF_SEQUENCE: Final = 2
_NODES_OF_DATA_SET: Final = 5
_TEXT_PIECES: Final = 1 << 16
_COMPONENTS: Final = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_WHOLE: Final = frozenset({"IS", "US", "SS", "UL", "SL", "UV", "SV"})
_FRACTIONS: Final = frozenset({"DS", "FL", "FD"})
_TAG_DIGITS: Final = 8
# Blocks of private attributes (PS3.5 Section 7.8.1).
_FIRST_BLOCK: Final = 0x10
_LAST_BLOCK: Final = 0xFF
# Numbers of values may leave some out, which are empty; not more of them than these.
_MOST_MISSING: Final = 32
_NUMBER: Final = re.compile("[0-9]{1,9}")


class _Node:
    """An element with what is in it; its text is only that of its own. There may be very many of them."""

    __slots__ = ("attributes", "children", "made", "name", "text")

    def __init__(self, name: str, attributes: Mapping[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[_Node] | tuple[()] = ()
        self.text = ""
        self.made: Any = None

    def add(self, child: "_Node") -> None:
        if not self.children:
            self.children = []
        self.children.append(child)

    def named(self, *names: str) -> Iterator["_Node"]:
        return (child for child in self.children if child.name in names)


def read_native_xml(encoded: bytes, limits: Limits = _LIMITS) -> dict[str, JsonElement]:
    """Read one data set.

    Parameters
    ----------
    encoded
        The document.
    limits
        How deep sequences may be nested, and how many elements of XML there may be.

    Raises
    ------
    NotParsable
        It is no XML of the model.
    LimitExceeded
        It has too much of it.
    """
    root = _Tree(limits.depth * _NODES_OF_SEQUENCE + _NODES_OF_DATA_SET, limits.elements).read(encoded)
    if root is None or root.name != "NativeDicomModel":
        raise NotParsable("This is no Native DICOM Model.")
    data_set: dict[str, JsonElement] = root.made
    return data_set


class _Tree:
    """Builds the tree of a document, of which only what is open has children."""

    def __init__(self, most_depth: int, most_elements: int) -> None:
        self._root: _Node | None = None
        self._open: list[_Node] = []
        self._most_depth = most_depth
        self._left = most_elements

    def read(self, encoded: bytes) -> _Node | None:
        """Return the root."""
        # Namespaces are divided off: the model has one, whatever prefix it goes by.
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.buffer_size = _TEXT_PIECES
        parser.StartDoctypeDeclHandler = _refuse_document_type
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add
        try:
            parser.Parse(encoded, True)  # noqa: FBT003 - expat takes it by position only
        except expat.ExpatError as error:
            raise NotParsable("This is no XML.") from error
        return self._root

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        node = _Node(name.rpartition(" ")[2], attributes)
        self._left -= 1
        if self._left < 0:
            raise LimitExceeded("The XML has too many elements.")
        if len(self._open) >= self._most_depth:
            raise LimitExceeded("The XML is nested too deep.")
        if self._open:
            self._open[-1].add(node)
        else:
            self._root = node
        self._open.append(node)

    def _end(self, _name: str) -> None:
        node = self._open.pop()
        make = _MAKERS.get(node.name)
        if make is not None:
            node.made = make(node)
            node.children, node.text = (), ""

    def _add(self, text: str) -> None:
        self._open[-1].text += text


def _refuse_document_type(*_declared: object) -> None:
    raise NotParsable("The XML has a document type.")


def _data_set(node: _Node) -> dict[str, JsonElement]:
    if not node.children:
        return {}
    attributes = list(node.named("DicomAttribute"))
    blocks = _Blocks(
        child.attributes.get("tag", "") for child in attributes if "privateCreator" not in child.attributes
    )
    made = {blocks.tag_of(child.attributes): child.made for child in attributes}
    return made | blocks.creators


class _Blocks:
    """Gives private attributes the blocks that XML does not have: only names of creators (PS3.19 Section A.1.5).

    Parameters
    ----------
    tags
        Of the data set, among which creators may have elements of their own.
    """

    def __init__(self, tags: Iterator[str]) -> None:
        self.creators: dict[str, JsonElement] = {}
        self._taken = {tag.upper() for tag in tags}
        self._known: dict[tuple[str, str], str] = {}

    def tag_of(self, attributes: Mapping[str, str]) -> str:
        """Give the tag of an attribute as data sets have it."""
        tag, creator = attributes.get("tag", "").upper(), attributes.get("privateCreator")
        if creator is None or len(tag) != _TAG_DIGITS:
            return tag
        key = tag[:4], creator
        if key not in self._known:
            self._known[key] = self._new_block(*key)
        return f"{tag[:4]}{self._known[key]}{tag[6:]}"

    def _new_block(self, group: str, creator: str) -> str:
        for block in range(_FIRST_BLOCK, _LAST_BLOCK + 1):
            tag = f"{group}00{block:02X}"
            if tag not in self._taken:
                self._taken.add(tag)
                self.creators[tag] = {"vr": "LO", "Value": [creator]}
                return f"{block:02X}"
        raise NotParsable("A group has too many private creators.")


def _element(node: _Node) -> JsonElement:
    element: JsonElement = {"vr": node.attributes.get("vr", "UN")}
    values: list[Any] = []
    for child in node.named("Item", "PersonName", "Value"):
        values += [None] * _missing(child.attributes.get("number", ""), len(values))
        values.append(_value(element["vr"], child.text) if child.name == "Value" else child.made)
    if values:
        element["Value"] = values
    for inline in node.named("InlineBinary"):
        element["InlineBinary"] = "".join(inline.text.split())
    for bulk in node.named("BulkData"):
        element["BulkDataURI"] = bulk.attributes.get("uri") or bulk.attributes.get("uuid", "")
    return element


def _missing(number: str, before: int) -> int:
    """Count the values before this one that are left out because they are empty."""
    if not _NUMBER.fullmatch(number):
        return 0
    missing = int(number) - 1 - before
    if missing > _MOST_MISSING:
        raise NotParsable("Values are missing.")
    return max(missing, 0)


def _person_name(node: _Node) -> dict[str, str]:
    return {group.name: _name(group) for group in node.named(*_GROUPS)}


def _name(group: _Node) -> str:
    parts = {part.name: part.text for part in group.children}
    return "^".join(parts.get(component, "") for component in _COMPONENTS).rstrip("^")


def _value(vr: str, text: str) -> Any:
    if not text.strip():
        return None
    try:
        if vr in _WHOLE:
            return int(text)
        return float(text) if vr in _FRACTIONS else text
    except ValueError as error:
        raise NotParsable("A number is none.") from error


_MAKERS: Final[Mapping[str, Callable[[_Node], Any]]] = {
    "NativeDicomModel": _data_set,
    "Item": _data_set,
    "DicomAttribute": _element,
    "PersonName": _person_name,
}
