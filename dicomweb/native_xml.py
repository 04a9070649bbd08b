"""The Native DICOM Model (PS3.19 Annex A.1): what the DICOM JSON Model says, as XML (PS3.18 Section 8.7.3.2).

Whatever a value holds, the XML is well-formed: characters that XML does not have become U+FFFD.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from pydicom.datadict import keyword_for_tag

from dicomweb.json_values import JsonElement

XML: Final = "application/dicom+xml"
_OPENING: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM" xml:space="preserve">'
)
_CLOSING: Final = "</NativeDicomModel>"
# What is no Char of XML 1.0: it cannot even be written as a reference.
_NO_CHARACTER: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKUP: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
)
_PLAIN: Final = re.compile("[\x20!#-%'-;=?-~]*")
_NAME_COMPONENTS: Final = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_FIRST_BLOCK: Final = 0x10


def native_xml(data_set: Mapping[str, JsonElement]) -> bytes:
    """Write a data set.

    Parameters
    ----------
    data_set
        In the DICOM JSON Model (PS3.18 Annex F), in order of its tags.

    Returns
    -------
    bytes
        A document in UTF-8. Private Creators stand with the attributes of their blocks, not for themselves, and there
        are no group lengths (PS3.19 Sections A.1.1 and A.1.5).
    """
    pieces = [_OPENING]
    _write_attributes(data_set, pieces)
    pieces.append(_CLOSING)
    return "".join(pieces).encode()


def _write_attributes(data_set: Mapping[str, JsonElement], pieces: list[str]) -> None:
    for tag, element in data_set.items():
        number = int(tag, 16)
        if number & 0xFFFF == 0 or _is_creator(number):
            continue
        pieces.append(_opening(number, element["vr"], _creator(data_set, number)))
        _write_values(element, pieces)
        pieces.append("</DicomAttribute>")


@lru_cache(maxsize=4096)
def _opening(tag: int, vr: str, creator: str | None) -> str:
    if tag >> 16 & 1:
        # The block is the encoding's business: the name of the creator says whose attribute it is.
        said = "" if creator is None else f' privateCreator="{_escaped(creator)}"'
        return f'<DicomAttribute tag="{tag & 0xFFFF00FF:08X}" vr="{vr}"{said}>'
    keyword = keyword_for_tag(tag)
    said = f' keyword="{keyword}"' if keyword else ""
    return f'<DicomAttribute tag="{tag:08X}" vr="{vr}"{said}>'


def _is_creator(tag: int) -> bool:
    return bool(tag >> 16 & 1) and _FIRST_BLOCK <= tag & 0xFFFF <= 0xFF  # noqa: PLR2004 - PS3.5 Section 7.8.1


def _creator(data_set: Mapping[str, JsonElement], tag: int) -> str | None:
    if not tag >> 16 & 1:
        return None
    element = data_set.get(f"{tag >> 16:04X}00{tag >> 8 & 0xFF:02X}", {})
    value = next(iter(element.get("Value", ())), None)
    return value if isinstance(value, str) else None


def _write_values(element: JsonElement, pieces: list[str]) -> None:
    if "BulkDataURI" in element:
        pieces.append(f'<BulkData uri="{_escaped(element["BulkDataURI"])}"/>')
    elif "InlineBinary" in element:
        pieces.append(f"<InlineBinary>{element['InlineBinary']}</InlineBinary>")
    elif element["vr"] == "SQ":
        _write_items(element.get("Value", ()), pieces)
    elif element["vr"] == "PN":
        pieces.extend(_person_name(number, name) for number, name in enumerate(element.get("Value", ()), 1))
    else:
        values = enumerate(element.get("Value", ()), 1)
        pieces.extend(f'<Value number="{number}">{_text(value)}</Value>' for number, value in values)


def _write_items(items: Sequence[Mapping[str, JsonElement] | None], pieces: list[str]) -> None:
    for number, item in enumerate(items, 1):
        pieces.append(f'<Item number="{number}">')
        _write_attributes(item or {}, pieces)
        pieces.append("</Item>")


def _person_name(number: int, name: Mapping[str, str] | None) -> str:
    groups = "".join(f"<{group}>{_components(text)}</{group}>" for group, text in (name or {}).items())
    return f'<PersonName number="{number}">{groups}</PersonName>'


def _components(group: str) -> str:
    # A sixth component is none of PS3.5 Section 6.2.1.1; it stays with the last, so that nothing is lost.
    found = zip(_NAME_COMPONENTS, group.split("^", len(_NAME_COMPONENTS) - 1), strict=False)
    return "".join(f"<{name}>{_escaped(text)}</{name}>" for name, text in found if text)


def _text(value: Any) -> str:
    return "" if value is None else _escaped(str(value))


def _escaped(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    return _NO_CHARACTER.sub("\ufffd", text).translate(_MARKUP)
