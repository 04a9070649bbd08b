"""HL7 version 2 messages as values: segments, fields, components (HL7 2.5.1 Chapter 2), no more than orders need."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from archive.errors import LimitExceeded, NotParsable

# No order is so long; a message that is was sent by mistake.
LARGEST_MESSAGE: Final = 1 << 18
# HL7 table 0211. Without a name, a message is ASCII.
_CHARACTER_SETS: Final = {
    "": "ascii",
    "ASCII": "ascii",
    "UNICODE UTF-8": "utf-8",
    **{f"8859/{part}": f"iso8859_{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
}
_CHARACTER_SET: Final = 18
# The block that MLLP puts around a message, and the mark some editors put before it.
_FRAME: Final = b"\x0b\x1c\r\n"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
# The headers that a batch of messages may have (Section 2.10.3); its trailers are segments that nobody asks for.
_BATCH_HEADER: Final = re.compile(rb"(?:^|(?<=[\r\n\x0b]))[FB]HS[^\r\n]*")
_MESSAGE_STARTS: Final = re.compile(rb"(?:^|(?<=[\r\n\x0b\x1c]))MSH")
_LINE: Final = re.compile("\r\n|\r|\n")
_NULL: Final = '""'


@dataclass(frozen=True, slots=True, kw_only=True)
class Separators:
    """What MSH-1 and MSH-2 say stands between the parts of a message."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str

    def unescaped(self, text: str) -> str:
        r"""Put characters in the place of their escape sequences (Section 2.7); `\.br\` and others become a space."""
        if self.escape not in text:
            return text
        known = {
            "F": self.field,
            "S": self.component,
            "T": self.subcomponent,
            "R": self.repetition,
            "E": self.escape,
            # Highlighting is nothing that stands in the text.
            "H": "",
            "N": "",
        }
        mark = re.escape(self.escape)
        return re.sub(f"{mark}([^{mark}]*){mark}", lambda found: known.get(found[1], " "), text)

    def escaped(self, text: str) -> str:
        """Put escape sequences in the place of separators."""
        named = {self.escape: "E", self.field: "F", self.component: "S", self.subcomponent: "T", self.repetition: "R"}
        return "".join(f"{self.escape}{named[one]}{self.escape}" if one in named else one for one in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A line of a message. Fields, repetitions and components are counted from 1, as HL7 counts them.

    Parameters
    ----------
    name
        Its first three characters.
    fields
        The fields as they are written; the first is the name, so that the index is the number.
    separators
        Those of the message.
    """

    name: str
    fields: tuple[str, ...]
    separators: Separators

    def raw(self, field: int) -> str:
        """Return a field as it is written; empty where there is none, and where it is the null value."""
        value = self.fields[field] if field < len(self.fields) else ""
        return "" if value == _NULL else value

    def repetitions(self, field: int) -> tuple[str, ...]:
        """Return the repetitions of a field as they are written."""
        return tuple(self.raw(field).split(self.separators.repetition))

    def text(self, field: int, component: int = 1, subcomponent: int = 1) -> str:
        """Return a part of the first repetition of a field."""
        return self.part(self.repetitions(field)[0], component, subcomponent)

    def part(self, repetition: str, component: int, subcomponent: int = 1) -> str:
        """Return a part of a repetition, without escape sequences."""
        of_it = _nth(repetition.split(self.separators.component), component)
        value = _nth(of_it.split(self.separators.subcomponent), subcomponent)
        return "" if value == _NULL else self.separators.unescaped(value).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message.

    Parameters
    ----------
    segments
        Its lines in their order; the first is MSH.
    """

    segments: tuple[Segment, ...]

    @property
    def header(self) -> Segment:
        """The segment MSH."""
        return self.segments[0]

    @property
    def kind(self) -> str:
        """Message code and trigger event, as in ORM^O01."""
        return f"{self.header.text(9, 1)}^{self.header.text(9, 2)}"


def first(segments: Iterable[Segment], name: str) -> Segment | None:
    """Return the first segment of a name."""
    return next((segment for segment in segments if segment.name == name), None)


def parse(content: bytes, charset: str = "") -> Message:
    """Read a message.

    Parameters
    ----------
    content
        Its bytes, with or without the frame of MLLP; lines may end in CR, LF or both.
    charset
        The character set as the transport named it, for those who wrote the message anew; else MSH-18 says it.

    Raises
    ------
    LimitExceeded
        It is too long.
    NotParsable
        It is no message, or not in a character set of ours.
    """
    if len(content) > LARGEST_MESSAGE:
        raise LimitExceeded(f"A message may have {LARGEST_MESSAGE} bytes.")
    stripped = content.removeprefix(_BYTE_ORDER_MARK).strip(_FRAME)
    if b"\0" in stripped:
        # Neither HL7 nor a database has it in a text.
        raise NotParsable("The message has NUL characters.")
    separators = _separators(stripped)
    lines = [line for line in _LINE.split(_decoded(stripped, separators, charset)) if line.strip()]
    segments = tuple(_segment(line, separators) for line in lines)
    if not segments or segments[0].name != "MSH":
        raise NotParsable("The message is not in the character set of the Content-Type.")
    if any(segment.name == "MSH" for segment in segments[1:]):
        raise NotParsable("MSH is there twice: one message at a time.")
    return Message(segments=segments)


def split(content: bytes) -> list[bytes]:
    """Divide the content of a file into messages, each of which begins with MSH.

    Frames of MLLP and headers of a batch may stand before and between them. What else stands before the first is given
    as a message of its own, which is none.
    """
    content = content.removeprefix(_BYTE_ORDER_MARK)
    starts = [found.start() for found in _MESSAGE_STARTS.finditer(content)]
    before = _BATCH_HEADER.sub(b"", content[: starts[0] if starts else None])
    messages = [content[start:end] for start, end in pairwise([*starts, len(content)])]
    return [before, *messages] if before.strip(_FRAME) else messages


def _separators(content: bytes) -> Separators:
    if not content.startswith(b"MSH"):
        raise NotParsable("The message does not begin with MSH.")
    marks = content[3:8].decode("ascii", "replace")
    distinct = len(set(marks)) == len(marks) == 5  # noqa: PLR2004 - MSH-1 and the four of MSH-2
    if not distinct or not marks.isprintable() or any(mark.isalnum() for mark in marks):
        raise NotParsable("MSH-1 and MSH-2 are not five separators.")
    field, component, repetition, escape, subcomponent = tuple(marks)
    return Separators(field=field, component=component, repetition=repetition, escape=escape, subcomponent=subcomponent)


def _decoded(content: bytes, separators: Separators, charset: str) -> str:
    # Every character set of the table has ASCII in its lower half, so that the header can be read before.
    header = _segment(_LINE.split(content.decode("latin-1"))[0], separators)
    named = header.text(_CHARACTER_SET).upper()
    if not charset and named not in _CHARACTER_SETS:
        raise NotParsable("MSH-18 names a character set that is not taken: ASCII, 8859/1 to 9, 8859/15, UNICODE UTF-8.")
    try:
        return content.decode(charset or _CHARACTER_SETS[named])
    except LookupError as error:
        raise NotParsable("The Content-Type names no character set that is known.") from error
    except UnicodeError as error:
        where = "the Content-Type" if charset else "MSH-18"
        raise NotParsable(f"The message is not in the character set of {where} (without a name: ASCII).") from error


def _segment(line: str, separators: Separators) -> Segment:
    fields = line.split(separators.field)
    if fields[0] == "MSH":
        # The separator after the name is itself the first field.
        fields.insert(1, separators.field)
    return Segment(name=fields[0].strip(), fields=tuple(fields), separators=separators)


def _nth(parts: list[str], number: int) -> str:
    return parts[number - 1] if number <= len(parts) else ""
