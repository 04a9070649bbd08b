"""Queries over the index: one matcher for C-FIND (PS3.4 Annex C) and QIDO-RS (PS3.18 Section 10.6).

A query is built from keys (`key_for`, `sequence_key`) and answered by `find`, which reads rows as they are taken and
never all at once. To answer in several short transactions, take `page` and continue with `Query.after`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection

from archive.query_above import Above, read_above
from archive.query_attributes import ATTRIBUTES, UNIQUE_KEYS, Attribute, Level, Matching, attribute_for
from archive.query_keys import (
    UNIVERSAL,
    AnyOf,
    Key,
    Range,
    SequenceKey,
    SingleValue,
    UidList,
    Universal,
    Wildcard,
    key_for,
    sequence_key,
)
from archive.query_model import InformationModel, Match, Query, Value, is_matched, is_returned
from archive.query_statement import Statement, counting, statement
from archive.uids import SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID

__all__ = [
    "ATTRIBUTES",
    "UNIQUE_KEYS",
    "UNIVERSAL",
    "AnyOf",
    "InformationModel",
    "Key",
    "Level",
    "Match",
    "Query",
    "Range",
    "SequenceKey",
    "SingleValue",
    "UidList",
    "Universal",
    "Value",
    "Wildcard",
    "attribute_for",
    "count",
    "find",
    "is_matched",
    "is_returned",
    "key_for",
    "page",
    "sequence_key",
]

# Rows fetched at a time: a long answer costs the memory of so many, whatever it matches.
_PARTITION: Final = 256


def find(connection: Connection, tenant: str, query: Query) -> Iterator[Match]:
    """Yield the matches of a query: patients and studies newest first, series and instances in order of arrival.

    The connection must stay open until the iterator is done with.
    """
    built = statement(tenant, query)
    for rows in connection.execute(built.select, execution_options={"yield_per": _PARTITION}).partitions():
        above: Mapping[tuple[int, int], Above] = {}
        if built.above:
            keys = [(row[-2], row[-1]) for row in rows]
            above = read_above(connection, built.above, keys, include_hidden=query.include_hidden)
        for row in rows:
            yield _match(built, tuple(row), above.get((row[-2], row[-1]), {}))


def page(connection: Connection, tenant: str, query: Query, size: int = _PARTITION) -> list[Match]:
    """Return the first `size` matches at most; `Query.after` with the last one's position gives the next page."""
    limit = size if query.limit is None else min(size, query.limit)
    return list(find(connection, tenant, replace(query, limit=limit)))


def count(connection: Connection, tenant: str, query: Query) -> int:
    """Count the matches of a query, whatever its limit and offset."""
    number: int = connection.execute(counting(tenant, query)).scalar_one()
    return number


def _match(built: Statement, row: Sequence[Any], above: Above) -> Match:
    row_id, patient_id, *uids = row[: built.identifiers]
    uids.extend([None] * (3 - len(uids)))
    cells = iter(row[built.identifiers :])
    values = {attribute.tag: _values(attribute, cells) for attribute in built.attributes}
    for attribute in built.above:
        values[attribute.tag] = _values(attribute, iter((above[attribute.tag],)))
    return Match(
        values=values,
        position=row_id,
        patient_id=patient_id,
        study_instance_uid=None if uids[0] is None else StudyInstanceUID(uids[0]),
        series_instance_uid=None if uids[1] is None else SeriesInstanceUID(uids[1]),
        sop_instance_uid=None if uids[2] is None else SOPInstanceUID(uids[2]),
    )


def _values(attribute: Attribute, cells: Iterator[Any]) -> tuple[Value, ...]:
    """Take the cells of one attribute: one, or for a sequence one for each attribute of its item."""
    if attribute.matching is Matching.SEQUENCE:
        item = {one.tag: _values(one, cells) for one in attribute.items.values()}
        return (item,) if any(item.values()) else ()
    cell = next(cells)
    if cell is None or cell == "":
        return ()
    if attribute.multiple and isinstance(cell, str):
        return tuple(cell.split("\\"))
    return (cell,)
