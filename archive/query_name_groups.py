"""The ideographic and phonetic groups of patients' names, as indexes of their own find them (PS3.5 Section 6.2.1.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from archive.query_predicates import Condition, Given
from archive.tables import study


def _position(text: str, dialect: str) -> str:
    return f"{'instr' if dialect == 'sqlite' else 'strpos'}({text}, '=')"


def tail(text: str, dialect: str) -> str:
    """Write what stands behind the first equals sign in SQL, the same in migrations and in queries."""
    return f"substr({text}, {_position(text, dialect)} + 1)"


def has_tail(text: str, dialect: str) -> str:
    """Write in SQL that there is an equals sign."""
    return f"{_position(text, dialect)} > 0"


class _Tail(FunctionElement[str]):
    inherit_cache = True
    name = "tail"
    type = Text()


class _HasTail(FunctionElement[bool]):
    inherit_cache = True
    name = "has_tail"


@compiles(_Tail)
def _write_tail(element: _Tail, compiler: SQLCompiler, **options: Any) -> str:
    return tail(compiler.process(element.clauses, **options), compiler.dialect.name)


@compiles(_HasTail)
def _write_has_tail(element: _HasTail, compiler: SQLCompiler, **options: Any) -> str:
    return has_tail(compiler.process(element.clauses, **options), compiler.dialect.name)


@dataclass(frozen=True, slots=True)
class Group:
    """A component group, with what follows it.

    Parameters
    ----------
    is_there
        That the name has it: the condition of its index.
    text
        The group and those behind it.
    """

    is_there: Given
    text: ColumnElement[Any]


def _groups(name: ColumnElement[Any]) -> tuple[Group, Group]:
    ideographic: ColumnElement[Any] = _Tail(name)
    has_phonetic: Condition = _HasTail(ideographic)
    return Group(Given(_HasTail(name)), ideographic), Group(Given(has_phonetic), _Tail(ideographic))


GROUPS: Final[Mapping[Any, tuple[Group, ...]]] = MappingProxyType(
    {study.c.patient_name_match: _groups(study.c.patient_name_match)}
)
"""The groups behind the first one, of columns that have indexes of them."""
