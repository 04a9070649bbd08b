"""Identifiers of C-FIND, C-MOVE and C-GET: what was asked, and the data set of one match (PS3.4 Section C.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final

from archive import charsets
from archive.errors import InvalidQuery
from archive.query import InformationModel, Key, Level, Match, Query, Value, key_for, sequence_key
from scp import elements
from scp.contexts import PATIENT_ROOT_CLASSES
from scp.elements import Element, Item
from scp.texts import response_charset

SPECIFIC_CHARACTER_SET: Final = 0x00080005
QUERY_RETRIEVE_LEVEL: Final = 0x00080052
RETRIEVE_AE_TITLE: Final = 0x00080054
INSTANCE_AVAILABILITY: Final = 0x00080056
TIMEZONE_OFFSET: Final = 0x00080201
_ABOUT_THE_REQUEST: Final = frozenset(
    {SPECIFIC_CHARACTER_SET, QUERY_RETRIEVE_LEVEL, RETRIEVE_AE_TITLE, INSTANCE_AVAILABILITY, TIMEZONE_OFFSET}
)
_BINARY: Final = {"US": Struct("<H"), "SS": Struct("<h"), "UL": Struct("<I"), "SL": Struct("<i")}
_CHARSET_VRS: Final = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_UNDIVIDED_VRS: Final = frozenset({"LT", "ST", "UT", "UR"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An identifier, understood.

    Parameters
    ----------
    level
        Query/retrieve level.
    model
        Patient Root or Study Root.
    elements
        The keys as sent, for the answer has the same attributes.
    keys
        The keys as the archive compares them.
    charset
        Specific Character Set of the request.
    """

    level: Level
    model: InformationModel
    elements: tuple[Element, ...]
    keys: Mapping[int, Key]
    charset: str

    def query(self, limit: int | None = None) -> Query:
        """Make the query for the archive."""
        return Query(
            level=self.level,
            model=self.model,
            keys=self.keys,
            return_tags=frozenset(element.tag for element in self.elements),
            limit=limit,
        )


def understand(encoded: bytes, *, sop_class_uid: str, implicit: bool) -> Asked:
    """Read the identifier of a request.

    Raises
    ------
    NotParsable
        It is no data set.
    InvalidQuery
        Its level is missing or unknown to the model, or a key has a value that its attribute cannot have.
    """
    found = elements.read(encoded, implicit=implicit)
    texts = {element.tag: element.value for element in found}
    codec = charsets.codec_of(texts.get(SPECIFIC_CHARACTER_SET, b""))
    model = InformationModel.PATIENT_ROOT if sop_class_uid in PATIENT_ROOT_CLASSES else InformationModel.STUDY_ROOT
    asked = [element for element in found if element.tag not in _ABOUT_THE_REQUEST and element.tag & 0xFFFF]
    return Asked(
        level=_level(texts.get(QUERY_RETRIEVE_LEVEL, b""), model),
        model=model,
        elements=tuple(asked),
        keys={element.tag: _key(element, codec) for element in asked},
        charset=texts.get(SPECIFIC_CHARACTER_SET, b"").decode("ascii", "replace").strip(" \0"),
    )


def _level(value: bytes, model: InformationModel) -> Level:
    text = value.decode("ascii", "replace").strip(" \0")
    if text not in Level.__members__ or (text == Level.PATIENT and model is InformationModel.STUDY_ROOT):
        raise InvalidQuery("Query/Retrieve Level is missing or unknown.")
    return Level(text)


def _key(element: Element, codec: str) -> Key:
    if element.vr != "SQ":
        return key_for(element.tag, _values(element, codec))
    item = element.items[0] if element.items else []
    return sequence_key(element.tag, {one.tag: _values(one, codec) for one in item if one.vr != "SQ"})


def _values(element: Element, codec: str) -> Sequence[str]:
    form = _BINARY.get(element.vr)
    if form is not None:
        whole = len(element.value) - len(element.value) % form.size
        return [str(number) for (number,) in form.iter_unpack(element.value[:whole])]
    text = charsets.decode(element.value, codec)
    if not text:
        return []
    return [text] if element.vr in _UNDIVIDED_VRS else text.split("\\")


def answer(asked: Asked, match: Match, *, ae_title: str, charset: str | None, implicit: bool) -> bytes:
    """Encode the identifier of one match: each attribute that was asked for, empty where it is not known.

    Parameters
    ----------
    asked, match
        The request and the match.
    ae_title
        Where the match can be retrieved from: our title.
    charset
        Specific Character Set configured for the peer; that of the request when none.
    implicit
        Whether the context's transfer syntax has implicit VR.
    """
    term, codec = response_charset(_all_text(match.values), asked.charset if charset is None else charset)
    found = [_element(one.tag, match.values.get(one.tag, ()), one.items, codec) for one in asked.elements]
    found += [
        _text(QUERY_RETRIEVE_LEVEL, "CS", asked.level),
        _text(RETRIEVE_AE_TITLE, "AE", ae_title),
        _text(INSTANCE_AVAILABILITY, "CS", "ONLINE"),
    ]
    if term:
        found.append(_text(SPECIFIC_CHARACTER_SET, "CS", term))
    return elements.write(found, implicit=implicit)


def _all_text(values: Mapping[int, tuple[Value, ...]]) -> str:
    texts = (value for row in values.values() for value in row)
    return "".join(_all_text(value) if isinstance(value, Mapping) else str(value) for value in texts)


def _text(tag: int, vr: str, text: str) -> Element:
    return Element(tag=tag, vr=vr, value=text.encode("ascii", "replace"))


def _element(tag: int, values: tuple[Value, ...], asked_items: tuple[Item, ...], codec: str) -> Element:
    vr = elements.vr_of(tag)
    if vr == "SQ":
        return Element(tag=tag, vr=vr, items=tuple(_item(value, asked_items, codec) for value in values))
    form = _BINARY.get(vr)
    if form is not None:
        return Element(tag=tag, vr=vr, value=b"".join(form.pack(int(str(value))) for value in values))
    text = "\\".join(str(value) for value in values)
    # Only these may leave the default repertoire; anything else there would be broken data, not text.
    return Element(tag=tag, vr=vr, value=text.encode(codec if vr in _CHARSET_VRS else "ascii", "replace"))


def _item(value: Value, asked_items: tuple[Item, ...], codec: str) -> Item:
    known = value if isinstance(value, Mapping) else {}
    asked = {element.tag for item in asked_items for element in item}
    return [_element(tag, row, (), codec) for tag, row in known.items() if not asked or tag in asked]
