"""Identifiers of C-FIND, C-MOVE and C-GET: what was asked, and the data set of one match (PS3.4 Section C.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final

from archive import charsets
from archive.errors import InvalidQuery
from archive.query import InformationModel, Key, Level, Match, Query, Value, key_for, parse_zone, sequence_key
from scp import elements
from scp.contexts import PATIENT_ROOT_CLASSES, PATIENT_STUDY_ONLY_CLASSES
from scp.elements import Element, Item
from scp.query_options import QueryOptions
from scp.texts import Encode, response_encoding

SPECIFIC_CHARACTER_SET: Final = 0x00080005
QUERY_RETRIEVE_LEVEL: Final = 0x00080052
RETRIEVE_AE_TITLE: Final = 0x00080054
INSTANCE_AVAILABILITY: Final = 0x00080056
TIMEZONE_OFFSET: Final = 0x00080201
_ABOUT_THE_REQUEST: Final = frozenset(
    {SPECIFIC_CHARACTER_SET, QUERY_RETRIEVE_LEVEL, RETRIEVE_AE_TITLE, INSTANCE_AVAILABILITY}
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
        Patient Root, Study Root, or Patient/Study Only.
    elements
        The keys as sent, for the answer has the same attributes.
    keys
        The keys as the archive compares them.
    charset
        Specific Character Set of the request.
    zone
        Minutes by which its dates and times are ahead of UTC, where it says so.
    """

    level: Level
    model: InformationModel
    elements: tuple[Element, ...]
    keys: Mapping[int, Key]
    charset: str
    zone: int | None = None

    def query(self, options: QueryOptions) -> Query:
        """Make the query for the archive.

        Raises
        ------
        InvalidQuery
            A unique key above the level is missing, and relational queries were not agreed on.
        """
        made = Query(
            level=self.level,
            model=self.model,
            keys=self.keys,
            return_tags=frozenset(element.tag for element in self.elements),
            fuzzy=options.fuzzy,
            combined_date_time=options.combined_date_time,
            zone=self.zone,
        )
        if not options.relational:
            made.require_hierarchy()
        return made


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
    model = _model(sop_class_uid)
    asked = [element for element in found if element.tag not in _ABOUT_THE_REQUEST and element.tag & 0xFFFF]
    return Asked(
        level=_level(texts.get(QUERY_RETRIEVE_LEVEL, b""), model),
        model=model,
        elements=tuple(asked),
        # A time zone says how dates and times are meant (PS3.4 Section C.2.2.2); it chooses nothing itself.
        keys={element.tag: _key(element, codec) for element in asked if element.tag != TIMEZONE_OFFSET},
        charset=_term(texts.get(SPECIFIC_CHARACTER_SET, b"")),
        zone=parse_zone(zone) if (zone := _term(texts.get(TIMEZONE_OFFSET, b""))) else None,
    )


def _term(value: bytes) -> str:
    return value.decode("ascii", "replace").strip(" \0")


def _model(sop_class_uid: str) -> InformationModel:
    if sop_class_uid in PATIENT_STUDY_ONLY_CLASSES:
        return InformationModel.PATIENT_STUDY_ONLY
    return InformationModel.PATIENT_ROOT if sop_class_uid in PATIENT_ROOT_CLASSES else InformationModel.STUDY_ROOT


def _level(value: bytes, model: InformationModel) -> Level:
    text = _term(value)
    if text not in Level.__members__ or not model.has(Level(text)):
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
    term, encode = response_encoding(_all_text(match.values), asked.charset if charset is None else charset)
    found = [_element(one, match.values.get(one.tag, ()), encode) for one in asked.elements]
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


def _element(asked: Element, values: tuple[Value, ...], encode: Encode) -> Element:
    tag, vr = asked.tag, elements.vr_of(asked.tag)
    if vr == "SQ":
        return Element(tag=tag, vr=vr, items=tuple(_item(value, asked.items, encode) for value in values))
    if not values:
        # Of a private attribute only the peer knows the VR.
        return Element(tag=tag, vr=asked.vr if vr == "UN" else vr)
    form = _BINARY.get(vr)
    if form is not None:
        return Element(tag=tag, vr=vr, value=b"".join(form.pack(int(str(value))) for value in values))
    text = "\\".join(str(value) for value in values)
    # Only these may leave the default repertoire; anything else there would be broken data, not text.
    return Element(tag=tag, vr=vr, value=encode(text) if vr in _CHARSET_VRS else text.encode("ascii", "replace"))


def _item(value: Value, asked_items: tuple[Item, ...], encode: Encode) -> Item:
    """Give an item with the attributes that were asked for in it, or with all that are known when it named none."""
    known = value if isinstance(value, Mapping) else {}
    asked = [element for item in asked_items for element in item]
    wanted = asked or [Element(tag=tag, vr=elements.vr_of(tag)) for tag in known]
    return [_element(one, known.get(one.tag, ()), encode) for one in wanted]
