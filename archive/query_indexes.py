"""Which queries an index answers: those are looked up, all others walk the rows in the order of the answer.

SQLite has no statistics, and would take the index of the tenant, of whom almost every row is, for a selective one.
"""

import re
from collections.abc import Collection
from typing import Any, Final

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Text

from archive.query_keys import AnyOf, Key, Range, SingleValue, UidList, Wildcard
from archive.query_model import Query

_PATIENT_NAME: Final = 0x00100010
STUDY_KEYS: Final = (0x00080020, 0x00080050, _PATIENT_NAME, 0x00100020, 0x0020000D)
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


def is_looked_up(query: Query, tags: Collection[int] = STUDY_KEYS + SERIES_KEYS + INSTANCE_KEYS) -> bool:
    """Tell whether one of the keys, of those named, is found by an index."""
    return any(_is_bounded(tag, query.keys[tag], fuzzy=query.fuzzy) for tag in tags if tag in query.keys)


def _is_bounded(tag: int, key: Key, *, fuzzy: bool) -> bool:
    match key:
        case SingleValue(value=text) | Wildcard(pattern=text):
            if tag == _PATIENT_NAME and (fuzzy or not (text.isascii() or "=" in text)):
                # Words of a name, and names in other scripts, may stand anywhere in the value.
                return False
            return not re.match(r"[*?]", text)
        case UidList() | Range():
            return True
        case AnyOf(keys=keys):
            return all(_is_bounded(tag, one, fuzzy=fuzzy) for one in keys)
        case _:
            return False
