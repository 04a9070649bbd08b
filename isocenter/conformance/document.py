"""What the conformance statement is made of, whatever it is written as: numbered sections of text, lists and tables."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; what stands between backticks is as one would type it."""

    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Lines of characters whose places matter."""

    text: str


@dataclass(frozen=True, slots=True)
class Points:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block: TypeAlias = Text | Drawing | Points | Table


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part, with parts of its own."""

    title: str
    content: "tuple[Block | Section, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The whole.

    Parameters
    ----------
    title
        What it is.
    cover
        What stands before the first section.
    sections
        Numbered 1, 2 and so on.
    annexes
        Numbered A, B and so on.
    """

    title: str
    cover: tuple[Block, ...]
    sections: tuple[Section, ...]
    annexes: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """The beginning of a section: its number, and how deep it is, from 1."""

    number: str
    title: str
    depth: int


def section(title: str, *content: "str | Block | Section") -> Section:
    """Make a section; plain strings are paragraphs."""
    return Section(title, tuple(Text(part) if isinstance(part, str) else part for part in content))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Make a table."""
    return Table(tuple(head), tuple(map(tuple, rows)))


def points(*items: str) -> Points:
    """Make a list."""
    return Points(items)


def flat(document: Document) -> Iterator[Heading | Block]:
    """Give what stands in a document from its first to its last line, sections as their headings."""
    yield from document.cover
    numbers = [str(number) for number in range(1, len(document.sections) + 1)]
    for number, part in zip(numbers, document.sections, strict=True):
        yield from _flat(part, number, 1)
    for letter, part in zip(ascii_uppercase, document.annexes, strict=False):
        yield from _flat(part, letter, 1)


def _flat(part: Section, number: str, depth: int) -> Iterator[Heading | Block]:
    yield Heading(number=number, title=part.title, depth=depth)
    count = 0
    for one in part.content:
        if isinstance(one, Section):
            count += 1
            yield from _flat(one, f"{number}.{count}", depth + 1)
        else:
            yield one
