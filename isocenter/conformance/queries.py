"""What the conformance statement says of queries as SCP: keys, matching, statuses (PS3.4 Annex C)."""

from typing import Final

from archive.query_attributes import ATTRIBUTES, UNIQUE_KEYS, Attribute, Level, Matching
from archive.query_keys import MAX_VALUES
from isocenter.conformance.document import Section, Table, points, section, table
from isocenter.conformance.tables import presentation_contexts, statuses
from scp import contexts
from scp.find import DEFAULT_MAX_MATCHES
from scp.statuses import Status

# PS3.4 Tables C.6-1 to C.6-4.
_REQUIRED: Final = frozenset(
    [
        "PatientName",
        "StudyDate",
        "StudyTime",
        "AccessionNumber",
        "StudyID",
        "Modality",
        "SeriesNumber",
        "InstanceNumber",
    ]
)
_MATCHING: Final = {
    Matching.TEXT: "single value, wildcard, several values",
    Matching.NAME: "single value, wildcard; without regard to case; whole or by component group; fuzzy",
    Matching.UID: "single value, list of UIDs",
    Matching.DATE: "single value, range; combined with its time where that was negotiated",
    Matching.TIME: "single value, range",
    Matching.NUMBER: "single value",
    Matching.INTEGER_TEXT: "single value",
    Matching.COMPUTED: "single value, several values",
    Matching.SEQUENCE: "sequence: one item matches all keys in it",
}
_UNUSUAL: Final = {
    "ModalitiesInStudy": "single value, wildcard, several values",
    "TimezoneOffsetFromUTC": "returned, and not compared",
}
_STATUSES: Final = (
    (Status.PENDING, "a match; all keys are supported"),
    (Status.PENDING_KEYS_UNSUPPORTED, "a match; keys that are not below are in it, empty"),
    (Status.SUCCESS, "there are no more"),
    (Status.CANCELED, "canceled by the requestor"),
    (Status.SOP_CLASS_NOT_SUPPORTED, "refused: not the SOP class of the presentation context"),
    (Status.NOT_AUTHORIZED, "refused: this AE may not query"),
    (Status.OUT_OF_RESOURCES, "the index is not available, or there are more matches than are sent"),
    (
        Status.DATA_SET_MISMATCH,
        "refused: no level or unique key, a level that the model lacks, or a value that its attribute cannot have",
    ),
    (Status.CANNOT_UNDERSTAND, "refused: the identifier cannot be parsed"),
)


def queries() -> Section:
    """Describe C-FIND of the query/retrieve models."""
    return section(
        "Query (C-FIND) as SCP",
        presentation_contexts(
            sorted(contexts.FIND_CLASSES),
            role="SCP",
            syntaxes="Implicit and Explicit VR Little Endian",
            extended="relational, combined date and time, fuzzy names, time zones",
        ),
        _behaviour(),
        *(_keys(level) for level in Level),
        section("Statuses", statuses("C-FIND", _STATUSES)),
    )


def _behaviour() -> Section:
    return section(
        "Behaviour",
        points(
            "Hierarchical queries need the unique keys above their level; with relational queries agreed on (extended "
            "negotiation, PS3.4 Section C.5.1.1) any key may be given at any level. Keys above the level always count.",
            "An empty key is universal matching. Keys of a level below the query's ask for something below a match "
            "that has them.",
            f"Several values of one key are taken as alternatives, at most {MAX_VALUES:,}.",
            "Person names are compared without regard to case; `=` divides component groups, and a key of one group "
            "matches in any group. With fuzzy matching every word of the key begins a word of the name, in any order.",
            "A key in one character set matches values in another.",
            "Time zones: with Timezone Offset From UTC (0008,0201) in the request its dates and times are moved into "
            "the zone of each study; where that is not known, it is taken for the requestor's. A response has the "
            "values as stored, and the offset that they are in. Enhanced multi-frame conversion is answered 0.",
            f"At most {DEFAULT_MAX_MATCHES:,} matches are sent. C-CANCEL is honoured between matches.",
            "Retrieve AE Title is the title of this node; Instance Availability is ONLINE.",
            "Specific Character Set of the responses: that of the remote AE (`charset`), else that of the request, "
            "else ISO_IR 192 where a value needs it.",
            "Each tenant sees its own objects only; results that a person has rejected are not found.",
        ),
    )


def _keys(level: Level) -> Section:
    return section(f"Keys of level {level}", _table(level))


def _table(level: Level) -> Table:
    own = [attribute for attribute in ATTRIBUTES.values() if attribute.level is level]
    rows = (_row(attribute) for attribute in sorted(own, key=lambda attribute: attribute.tag))
    return table(("Attribute", "Tag", "VR", "Type", "Matching"), rows)


def _row(attribute: Attribute) -> tuple[str, ...]:
    tag = f"({attribute.tag >> 16:04X},{attribute.tag & 0xFFFF:04X})"
    matching = _UNUSUAL.get(attribute.keyword, _MATCHING[attribute.matching])
    if attribute.items:
        matching += ": " + ", ".join(item.keyword for item in attribute.items.values())
    return attribute.keyword, tag, attribute.vr, _type(attribute), matching


def _type(attribute: Attribute) -> str:
    if attribute.tag in UNIQUE_KEYS.values():
        return "U"
    return "R" if attribute.keyword in _REQUIRED else "O"
