"""Queries over the index: one matcher for C-FIND (PS3.4 Annex C) and QIDO-RS (PS3.18 Section 10.6).

A query is built from keys (`key_for`, `sequence_key`) and answered by `find`, which reads rows as they are taken and
never all at once. To answer in several short transactions, take `page` and continue with `Query.after`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection

from archive.driver_rows import all_rows, partitions
from archive.query_above import Above, read_above
from archive.query_attributes import ATTRIBUTES, UNIQUE_KEYS, Attribute, Level, attribute_for
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
from archive.query_plan import Plan, plan
from archive.query_statement import Asked, ask, counting
from archive.query_zones import is_zoned, parse_zone, zones_statement

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
    "page_and_rest",
    "parse_zone",
    "sequence_key",
]

# Rows fetched at a time: a long answer costs the memory of so many, whatever it matches.
_PARTITION: Final = 256


def find(connection: Connection, tenant: str, query: Query) -> Iterator[Match]:
    """Yield the matches of a query: patients and studies newest first, series and instances in order of arrival.

    The connection must stay open until the iterator is done with.
    """
    asked = _ask(connection, tenant, query)
    planned = plan(connection.dialect, asked)
    for rows in _partitions(connection, planned, asked):
        above: Mapping[tuple[int, int], Above] = {}
        if planned.above:
            keys = [(row[-2], row[-1]) for row in rows]
            above = read_above(connection, planned.above, keys, include_hidden=query.include_hidden)
        for row in rows:
            yield _match(planned, row, above.get((row[-2], row[-1]), {}))


def _ask(connection: Connection, tenant: str, query: Query) -> Asked:
    zones = connection.scalars(zones_statement(tenant, query)).all() if is_zoned(query) else ()
    return ask(tenant, query, zones)


def _partitions(connection: Connection, planned: Plan, asked: Asked) -> Iterable[Sequence[Sequence[Any]]]:
    limit = asked.query.limit
    parameters = planned.parameters(asked)
    if limit is not None and limit <= _PARTITION:
        return (all_rows(connection, planned.sql, parameters),)
    return partitions(connection, planned.sql, parameters, _PARTITION)


def page(connection: Connection, tenant: str, query: Query, size: int = _PARTITION) -> list[Match]:
    """Return the first `size` matches at most; `Query.after` with the last one's position gives the next page."""
    limit = size if query.limit is None else min(size, query.limit)
    return list(find(connection, tenant, replace(query, limit=limit)))


def page_and_rest(
    connection: Connection, tenant: str, query: Query, size: int, most_counted: int
) -> tuple[list[Match], int]:
    """Return a page, and how many matches there are behind it, counted up to `most_counted`."""
    found = page(connection, tenant, query, size + 1)
    if len(found) <= size:
        return found, 0
    rest = replace(query, limit=most_counted, offset=query.offset + size)
    return found[:size], count(connection, tenant, rest)


def count(connection: Connection, tenant: str, query: Query) -> int:
    """Count the matches of a query, as far as its limit goes."""
    asked = _ask(connection, tenant, query)
    planned = plan(connection.dialect, asked, counting)
    number: int = connection.exec_driver_sql(planned.sql, planned.parameters(asked)).scalar_one()
    return number


def _match(planned: Plan, row: Sequence[Any], above: Above) -> Match:
    study, series, instance = (*row[2 : planned.identifiers], None, None, None)[:3]
    values = _values(planned.attributes, row, planned.identifiers)
    for attribute in planned.above:
        values[attribute.tag] = _cell(attribute, above[attribute.tag])
    return Match(
        values=values,
        position=row[0],
        patient_id=row[1],
        study_instance_uid=study,
        series_instance_uid=series,
        sop_instance_uid=instance,
    )


def _values(attributes: Iterable[Attribute], row: Sequence[Any], start: int) -> dict[int, tuple[Value, ...]]:
    """Take the cells of some attributes: one of each, or for a sequence one for each attribute of its item."""
    found: dict[int, tuple[Value, ...]] = {}
    for attribute in attributes:
        if attribute.items:
            item = _values(attribute.items.values(), row, start)
            found[attribute.tag] = (item,) if any(item.values()) else ()
            start += len(item)
        else:
            found[attribute.tag] = _cell(attribute, row[start])
            start += 1
    return found


def _cell(attribute: Attribute, cell: Any) -> tuple[Value, ...]:
    if cell is None or cell == "":
        return ()
    return tuple(cell.split("\\")) if attribute.multiple and isinstance(cell, str) else (cell,)
