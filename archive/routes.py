"""Routing rules as they are kept: `routing.rules` knows what they mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from archive import audit
from archive.errors import Conflict, NotFound
from archive.inserting import insert_missing
from archive.origin import DEFAULT_TENANT
from archive.pages import columns_of, listing_of
from archive.tables import route


class RouteSource(StrEnum):
    """Where a rule comes from: what the file says wins at each start."""

    FILE = "file"
    RUNTIME = "runtime"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A routing rule.

    Parameters
    ----------
    name, tenant, enabled
        As in `[[route]]`.
    rule
        All other keys of `[[route]]`.
    source
        Where it comes from.
    """

    name: str
    tenant: str = DEFAULT_TENANT
    enabled: bool = True
    rule: Mapping[str, Any] = field(default_factory=dict)
    source: RouteSource = RouteSource.RUNTIME

    @classmethod
    def of(cls, declaration: Mapping[str, Any], source: RouteSource = RouteSource.RUNTIME) -> "Route":
        """Make one of the checked keys of `[[route]]`."""
        rule = {key: value for key, value in declaration.items() if key not in _OWN_KEYS}
        own = {key: declaration[key] for key in _OWN_KEYS if key in declaration}
        return cls(**own, rule=rule, source=source)


_OWN_KEYS: Final = ("name", "tenant", "enabled")


def enabled(connection: Connection, tenant: str) -> tuple[Route, ...]:
    """Return the rules that are followed, in the order they were made."""
    which = (route.c.tenant == tenant, route.c.enabled.is_(True))
    rows = connection.execute(select(route).where(*which).order_by(route.c.id)).mappings()
    return tuple(_from_row(row) for row in rows)


def get(connection: Connection, tenant: str, name: str) -> Route:
    """Return the rule of that name.

    Raises
    ------
    NotFound
        There is none.
    """
    which = (route.c.tenant == tenant, route.c.name == name)
    row = connection.execute(select(route).where(*which)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"No route is called {name!r}.")
    return _from_row(row)


def add(connection: Connection, new: Route, *, now: float, principal: str = "") -> Route:
    """Keep a new rule; `principal` is who made it.

    Raises
    ------
    Conflict
        The name is taken.
    """
    if not insert_missing(connection, route, [{**_row(new), "created": now}]):
        raise Conflict(f"A route is called {new.name!r} already.")
    _write_audit(connection, audit.Action.ROUTE_CREATED, new, principal, now)
    return new


def replace(connection: Connection, tenant: str, name: str, new: Route, *, now: float, principal: str = "") -> Route:
    """Put `new` in the place of the rule called `name`; it may have another name.

    Raises
    ------
    NotFound
        There is none called `name`.
    Conflict
        The new name is taken.
    """
    get(connection, tenant, name)
    taken = select(route.c.id).where(route.c.name == new.name)
    if new.name != name and connection.execute(taken).one_or_none() is not None:
        raise Conflict(f"A route is called {new.name!r} already.")
    # A rule of the file stays one: it is as declared again at the next start.
    values = {key: value for key, value in _row(new).items() if key != "source"}
    connection.execute(update(route).where(route.c.tenant == tenant, route.c.name == name).values(values))
    _write_audit(connection, audit.Action.ROUTE_CHANGED, new, principal, now)
    return get(connection, tenant, new.name)


def remove(connection: Connection, tenant: str, name: str, *, now: float, principal: str = "") -> None:
    """Forget a rule; one of the file is back at the next start.

    Raises
    ------
    NotFound
        There is none of that name.
    """
    old = get(connection, tenant, name)
    connection.execute(delete(route).where(route.c.tenant == tenant, route.c.name == name))
    _write_audit(connection, audit.Action.ROUTE_DELETED, old, principal, now)


def load_declared(connection: Connection, declared: Sequence[Mapping[str, Any]], *, now: float) -> None:
    """Make the table agree with the file: its rules win, and those that left it are removed."""
    names = [each["name"] for each in declared]
    from_file = route.c.source == RouteSource.FILE.value
    connection.execute(delete(route).where(from_file | route.c.name.in_(names)))
    for declaration in declared:
        connection.execute(insert(route).values(**_row(Route.of(declaration, RouteSource.FILE)), created=now))


def as_item(shown: Route) -> dict[str, Any]:
    """Return a rule as the API shows it: the keys of `[[route]]`, and `source`."""
    own = {"name": shown.name, "tenant": shown.tenant, "enabled": shown.enabled, "source": shown.source.value}
    return {**own, **_plain(shown.rule)}


def _plain(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in rule.items()}


def _row(kept: Route) -> dict[str, Any]:
    return {
        "tenant": kept.tenant,
        "name": kept.name,
        "source": kept.source.value,
        "enabled": kept.enabled,
        "rule": _plain(kept.rule),
    }


def _from_row(row: RowMapping) -> Route:
    own = {name: row[name] for name in (*_OWN_KEYS, "rule")}
    return Route(**own, source=RouteSource(row["source"]))


def _listed(row: RowMapping) -> dict[str, Any]:
    # The id is for the cursor; the name is what everybody calls it.
    return {"id": str(row["id"]), **as_item(_from_row(row))}


def _write_audit(connection: Connection, action: audit.Action, of: Route, principal: str, now: float) -> None:
    audit.append(connection, of.tenant, action, principal=principal, now=now, detail={"name": of.name})


listing: Final = listing_of(route, columns_of(route, "name", "source"), _listed)
"""Lists rows of a tenant, newest first, filtered by the names of their fields."""
