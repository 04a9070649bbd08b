"""C-FIND to a remote AE: what a PACS has, as the page, the API and the command line show it (PS3.4 Section C.4.1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from pydicom import DataElement, Dataset
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.multival import MultiValue

from routing import dimse
from routing.association import Association
from routing.dimse import CommandField, Element
from routing.errors import RequestRefused, WireError
from routing.exchange import PENDING, context_for, responses
from routing.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, Context
from routing.peers import Peer
from routing.remote_statuses import CANCELED, in_words
from routing.requestor import negotiate, number_contexts

PATIENT_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.1.1"
STUDY_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
QUERY_SYNTAXES: Final = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
_NUMBERS: Final = frozenset({"IS", "DS"})
_NO_TEXT: Final = frozenset({"SQ", "OB", "OW", "OB or OW", "UN", "US", "SS", "UL", "SL", "FD", "FL", "AT"})
_UTF_8: Final = "ISO_IR 192"


class Level(StrEnum):
    """Query/retrieve levels."""

    PATIENT = "PATIENT"
    STUDY = "STUDY"
    SERIES = "SERIES"
    IMAGE = "IMAGE"


_PATIENT: Final = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
_STUDY: Final = (
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "StudyDescription",
    "ModalitiesInStudy",
    "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances",
)
_SERIES: Final = (
    "SeriesInstanceUID",
    "Modality",
    "SeriesNumber",
    "SeriesDescription",
    "NumberOfSeriesRelatedInstances",
)
# What is asked to be returned, beside the keys that are given.
_RETURNED: Final = MappingProxyType(
    {
        Level.PATIENT: _PATIENT,
        Level.STUDY: (*_PATIENT, *_STUDY),
        Level.SERIES: _SERIES,
        Level.IMAGE: ("SOPInstanceUID", "SOPClassUID", "InstanceNumber"),
    }
)


class UnknownKey(ValueError):
    """A key is no keyword of the data dictionary (PS3.6), or cannot be asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteQuery:
    """What a peer is asked.

    Parameters
    ----------
    level
        Query/retrieve level.
    keys
        Values by keyword of PS3.6: `{"PatientName": "DOE*"}`, with wildcards and ranges as PS3.4 C.2.2.2 has them.
    limit
        The query is canceled after this many matches.
    charset
        Specific Character Set of values that are not ASCII.
    """

    level: Level = Level.STUDY
    keys: Mapping[str, str] = field(default_factory=dict)
    limit: int = 200
    charset: str = _UTF_8


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a peer answered.

    Parameters
    ----------
    matches
        Values by keyword, each as text, several values with backslashes between them; absent and empty alike are "".
    more
        Whether there were more matches than the limit.
    """

    matches: tuple[Mapping[str, str], ...]
    more: bool


def find(peer: Peer, query: RemoteQuery) -> Found:
    """Ask `peer`.

    Raises
    ------
    UnknownKey
        A key cannot be asked about.
    WireError
        The peer could not be asked, or answered a failure; the text says why.
    """
    identifier = identifier_of(query)
    patient = (PATIENT_ROOT_FIND, QUERY_SYNTAXES)
    models = [patient] if query.level is Level.PATIENT else [(STUDY_ROOT_FIND, QUERY_SYNTAXES), patient]
    association, _ = negotiate(peer, number_contexts(models))
    try:
        found = _ask(association, query, identifier)
    except RequestRefused:
        association.release()
        raise
    except WireError:
        association.abort()
        raise
    association.release()
    return found


def identifier_of(query: RemoteQuery) -> Dataset:
    """Make the identifier of a request.

    Raises
    ------
    UnknownKey
        A key is unknown, or a sequence.
    """
    dataset = Dataset()
    if not "".join(query.keys.values()).isascii():
        dataset.SpecificCharacterSet = query.charset
    dataset.QueryRetrieveLevel = query.level.value
    for keyword in _RETURNED[query.level]:
        _put(dataset, keyword, "")
    for keyword, value in query.keys.items():
        _put(dataset, keyword, value)
    return dataset


def _put(dataset: Dataset, keyword: str, value: str) -> None:
    tag = tag_for_keyword(keyword)
    if tag is None or tag >> 16 < 0x0008:  # noqa: PLR2004  the groups before are no keys of a query
        raise UnknownKey(f"{keyword!r} is no attribute that can be asked about.")
    vr = dictionary_VR(tag)
    if vr in _NO_TEXT:
        raise UnknownKey(f"{keyword} has no value of text.")
    if "\0" in value:
        raise UnknownKey(f"{keyword} holds a character that no value has.")
    if vr in _NUMBERS and value and not value.lstrip("+-").isdecimal():
        raise UnknownKey(f"{keyword} must be a number.")
    # Wildcards and ranges are no values that the representation itself may have.
    dataset.add(DataElement(tag, vr, value, validation_mode=IGNORE))


def _ask(association: Association, query: RemoteQuery, identifier: Dataset) -> Found:
    context = context_for(association, STUDY_ROOT_FIND) or context_for(association, PATIENT_ROOT_FIND)
    if context is None:
        raise RequestRefused("the peer does not want to be asked: it declined the role of SCP")
    command = request_of(CommandField.C_FIND, context, association.next_message_id())
    keywords = list(dict.fromkeys([*_RETURNED[query.level], *query.keys]))
    matches: list[Mapping[str, str]] = []
    more = False
    for match in _matches(association, context, command, identifier):
        if len(matches) < query.limit:
            matches.append({keyword: _text(match, keyword) for keyword in keywords})
        elif not more:
            more = True
            association.send(context.context_id, cancel_request(command))
    return Found(matches=tuple(matches), more=more)


def request_of(field: CommandField, context: Context, message_id: int) -> dict[int, dimse.Value]:
    """Make the command of a C-FIND, C-MOVE or C-GET request."""
    command = dimse.request(field, message_id, data_set=True)
    command[Element.AFFECTED_SOP_CLASS_UID] = context.abstract_syntax
    command[Element.PRIORITY] = dimse.PRIORITY_MEDIUM
    return command


def cancel_request(command: dimse.Command) -> dict[int, dimse.Value]:
    """Make the C-CANCEL of the operation that `command` began (PS3.7 Section 9.3.2.3)."""
    return {
        Element.COMMAND_FIELD: int(CommandField.C_CANCEL),
        Element.MESSAGE_ID_RESPONDED_TO: dimse.number(command, Element.MESSAGE_ID),
        Element.DATA_SET_TYPE: dimse.NO_DATA_SET,
    }


def _matches(
    association: Association, context: Context, command: dict[int, dimse.Value], identifier: Dataset
) -> Iterator[Dataset]:
    for status, message, match in responses(association, context, command, identifier):
        if status in PENDING:
            if match is not None:
                yield match
        elif status not in (0, CANCELED):
            comment = dimse.text(message.command, Element.ERROR_COMMENT)
            raise RequestRefused(f"C-FIND failed: {in_words(status, comment)}")


def _text(match: Dataset, keyword: str) -> str:
    value = match.get(keyword)
    if value is None:
        return ""
    return "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value)
