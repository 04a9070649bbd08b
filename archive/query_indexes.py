"""Which queries an index answers: those are looked up, all others walk the rows in the order of the answer.

SQLite has no statistics, and would take the index of the tenant, of whom almost every row is, for a selective one.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Text

from archive.query_predicates import Predicate, Some, is_bounded

PATIENT_NAME: Final = 0x00100010
STUDY_KEYS: Final = (0x00080020, 0x00080050, PATIENT_NAME, 0x00100020, 0x0020000D)
"""Study Date, Accession Number, Patient's Name, Patient ID, Study Instance UID."""
SERIES_KEYS: Final = (0x0020000E,)
"""Series Instance UID."""
INSTANCE_KEYS: Final = (0x00080018,)
"""SOP Instance UID."""


class Anywhere(FunctionElement[str]):
    """A text column that no index is to be searched for: SQLite leaves an operand of unary plus alone."""

    inherit_cache = True
    name = "anywhere"
    type = Text()


@compiles(Anywhere)
def _as_it_is(element: Anywhere, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(Anywhere, "sqlite")
def _without_index(element: Anywhere, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


def is_looked_up(
    predicates: Mapping[int, Predicate], tags: Collection[int] = STUDY_KEYS + SERIES_KEYS + INSTANCE_KEYS
) -> bool:
    """Tell whether one of the keys, of those named, is found by an index that begins with the tenant."""
    return any(
        is_bounded(predicates[tag]) and not is_looked_up_apart(tag, predicates[tag])
        for tag in tags
        if tag in predicates
    )


def is_looked_up_apart(tag: int, predicate: Predicate) -> bool:
    """Tell whether a name is found by several indexes, each of which is searched for itself."""
    return tag == PATIENT_NAME and isinstance(predicate, Some) and is_bounded(predicate)
