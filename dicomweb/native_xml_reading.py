"""The Native DICOM Model read: XML as the DICOM JSON Model (PS3.19 Annex A.1, PS3.18 Section 8.7.3.2).

The XML is from anyone: entities and document types, by which a few bytes become many, are refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat

from archive.errors import NotParsable
from dicomweb.json_values import JsonElement

_MAX_DEPTH: Final = 48
_COMPONENTS: Final = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_WHOLE: Final = frozenset({"IS", "US", "SS", "UL", "SL", "UV", "SV"})
_FRACTIONS: Final = frozenset({"DS", "FL", "FD"})


@dataclass(slots=True)
class _Node:
    """An element with what is in it; its text is only that of its own."""

    name: str
    attributes: Mapping[str, str]
    children: list["_Node"] = field(default_factory=list)
    text: str = ""

    def named(self, name: str) -> Iterator["_Node"]:
        return (child for child in self.children if child.name == name)


def read_native_xml(encoded: bytes) -> dict[str, JsonElement]:
    """Read one data set.

    Raises
    ------
    NotParsable
        It is no XML of the model.
    """
    root = _Tree().read(encoded)
    if root is None or root.name != "NativeDicomModel":
        raise NotParsable("This is no Native DICOM Model.")
    return _data_set(root)


class _Tree:
    """Builds the tree of a document."""

    def __init__(self) -> None:
        self._root: _Node | None = None
        self._open: list[_Node] = []

    def read(self, encoded: bytes) -> _Node | None:
        """Return the root."""
        # Namespaces are divided off: the model has one, whatever prefix it goes by.
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
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
        if len(self._open) >= _MAX_DEPTH:
            raise NotParsable("The XML is nested too deep.")
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._root = node
        self._open.append(node)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _add(self, text: str) -> None:
        self._open[-1].text += text


def _refuse_document_type(*_declared: object) -> None:
    raise NotParsable("The XML has a document type.")


def _data_set(node: _Node) -> dict[str, JsonElement]:
    return {child.attributes.get("tag", ""): _element(child) for child in node.named("DicomAttribute")}


def _element(node: _Node) -> JsonElement:
    vr = node.attributes.get("vr", "UN")
    element: JsonElement = {"vr": vr}
    values = list(_values(node, vr))
    if values:
        element["Value"] = values
    for inline in node.named("InlineBinary"):
        element["InlineBinary"] = "".join(inline.text.split())
    for bulk in node.named("BulkData"):
        element["BulkDataURI"] = bulk.attributes.get("uri", "")
    return element


def _values(node: _Node, vr: str) -> Iterator[Any]:
    for child in node.children:
        if child.name == "Item":
            yield _data_set(child)
        elif child.name == "PersonName":
            yield {group.name: _name(group) for group in child.children if group.name in _GROUPS}
        elif child.name == "Value":
            yield _value(vr, child.text)


def _name(group: _Node) -> str:
    parts = {part.name: part.text for part in group.children}
    return "^".join(parts.get(component, "") for component in _COMPONENTS).rstrip("^")


def _value(vr: str, text: str) -> Any:
    try:
        if vr in _WHOLE:
            return int(text)
        return float(text) if vr in _FRACTIONS else text or None
    except ValueError as error:
        raise NotParsable("A number is none.") from error
