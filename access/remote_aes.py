"""Remote application entities: who may call this node, and where it sends to."""

import dataclasses
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from archive import audit
from archive.errors import Conflict, NotFound
from archive.inserting import insert_missing
from archive.origin import DEFAULT_TENANT
from archive.pages import DEFAULT_LIMIT, Page, equals, fetch_page
from archive.tables import remote_ae
from config.declared import ALL_SERVICES, AEDeclaration, CommitmentReport, SrClass


class Source(StrEnum):
    """Where an entry comes from: what the file says wins at each start."""

    FILE = "file"
    RUNTIME = "runtime"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAE:
    """A remote application entity; the keys are those of `[[ae]]` (`config.declared.AEDeclaration`)."""

    name: str
    ae_title: str
    host: str
    port: int
    tls: bool = False
    tenant: str = DEFAULT_TENANT
    allowed: tuple[str, ...] = ALL_SERVICES
    user: str | None = None
    password_hash: str | None = field(default=None, repr=False)
    certificate: str | None = None
    source_networks: tuple[str, ...] = ()
    charset: str | None = None
    transfer_syntaxes: tuple[str, ...] = ()
    sr_class: SrClass = "comprehensive3d"
    results: bool | None = None
    commitment_report: CommitmentReport = "new"
    availability: bool = False
    get_without_roles: bool = False
    source: Source = Source.RUNTIME

    @classmethod
    def declared(cls, declaration: AEDeclaration, source: Source = Source.RUNTIME) -> "RemoteAE":
        """Make one of a checked declaration, from the file or from a request."""
        return cls(**declaration.model_dump(), source=source)


_COLUMNS: Final = ("name", "ae_title", "host", "port", "tenant", "source")
_OPTIONS: Final = tuple(name for name in RemoteAE.__dataclass_fields__ if name not in _COLUMNS)
_FILTERS: Final = ("name", "ae_title", "host", "port", "source")


def everyone(connection: Connection) -> tuple[RemoteAE, ...]:
    """Return all remote AEs, of all tenants, by name."""
    rows = connection.execute(select(remote_ae).order_by(remote_ae.c.name)).mappings()
    return tuple(_from_row(row) for row in rows)


def get(connection: Connection, name: str) -> RemoteAE:
    """Return the remote AE of that name.

    Raises
    ------
    NotFound
        There is none.
    """
    row = connection.execute(select(remote_ae).where(remote_ae.c.name == name)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"No remote AE is called {name!r}.")
    return _from_row(row)


def by_ae_title(connection: Connection, ae_title: str) -> tuple[RemoteAE, ...]:
    """Return the remote AEs with that AE title: several networks may have one each."""
    statement = select(remote_ae).where(remote_ae.c.ae_title == ae_title.strip(" ")).order_by(remote_ae.c.name)
    return tuple(_from_row(row) for row in connection.execute(statement).mappings())


def add(connection: Connection, ae: RemoteAE, *, now: float, principal: str = "") -> RemoteAE:
    """Keep a new remote AE; `principal` is who made it.

    Raises
    ------
    Conflict
        The name is taken.
    """
    if not insert_missing(connection, remote_ae, [{**_row(ae), "created": now}]):
        raise Conflict(f"A remote AE is called {ae.name!r} already.")
    _write_audit(connection, audit.Action.AE_CREATED, ae, principal, now)
    return ae


def replace(connection: Connection, name: str, ae: RemoteAE, *, now: float, principal: str = "") -> RemoteAE:
    """Put `ae` in the place of the remote AE called `name`; it may have another name.

    Raises
    ------
    NotFound
        There is none called `name`.
    Conflict
        The new name is taken.
    """
    before = get(connection, name)
    if ae.password_hash is None and ae.user == before.user:
        # It is never shown, so whoever changes something else cannot send it back.
        ae = dataclasses.replace(ae, password_hash=before.password_hash)
    if ae.name != name and _exists(connection, ae.name):
        raise Conflict(f"A remote AE is called {ae.name!r} already.")
    # An entry of the file stays one: it is as declared again at the next start.
    values = {key: value for key, value in _row(ae).items() if key != "source"}
    connection.execute(update(remote_ae).where(remote_ae.c.name == name).values(values))
    _write_audit(connection, audit.Action.AE_CHANGED, ae, principal, now)
    return get(connection, ae.name)


def remove(connection: Connection, name: str, *, now: float, principal: str = "") -> None:
    """Forget a remote AE; one of the file is back at the next start.

    Raises
    ------
    NotFound
        There is none of that name.
    """
    ae = get(connection, name)
    connection.execute(delete(remote_ae).where(remote_ae.c.name == name))
    _write_audit(connection, audit.Action.AE_DELETED, ae, principal, now)


def load_declared(connection: Connection, declared: Sequence[AEDeclaration], *, now: float) -> None:
    """Make the table agree with the file: its entries win, and those that left it are removed."""
    names = [each.name for each in declared]
    from_file = remote_ae.c.source == Source.FILE.value
    connection.execute(delete(remote_ae).where(from_file | remote_ae.c.name.in_(names)))
    for declaration in declared:
        row = _row(RemoteAE.declared(declaration, Source.FILE))
        connection.execute(insert(remote_ae).values(**row, created=now))


def listing(
    connection: Connection,
    /,
    tenant: str,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    **filters: str | None,
) -> Page:
    """List remote AEs; filters: `name`, `ae_title`, `host`, `port`, `source`."""
    columns = {name: remote_ae.c[name] for name in _FILTERS}
    statement = select(remote_ae).where(remote_ae.c.tenant == tenant, *equals(columns, filters))
    return fetch_page(connection, statement, remote_ae.c.id, _listed, limit=limit, cursor=cursor)


def as_item(ae: RemoteAE) -> dict[str, Any]:
    """Return a remote AE as the API shows it: the keys of `[[ae]]` but the password's hash, and `source`."""
    return {key: value for key, value in _values(ae).items() if key != "password_hash"}


def _values(ae: RemoteAE) -> dict[str, Any]:
    values = asdict(ae)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def _row(ae: RemoteAE) -> dict[str, Any]:
    item = _values(ae)
    return {
        **{name: item[name] for name in _COLUMNS},
        "source": ae.source.value,
        "options": {name: item[name] for name in _OPTIONS},
    }


def _from_row(row: RowMapping) -> RemoteAE:
    options: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in row["options"].items()
    }
    columns = {name: row[name] for name in _COLUMNS if name != "source"}
    return RemoteAE(**columns, **options, source=Source(row["source"]))


def _listed(row: RowMapping) -> dict[str, Any]:
    # The id is for the cursor; the name is what everybody calls it.
    return {"id": str(row["id"]), **as_item(_from_row(row))}


def _exists(connection: Connection, name: str) -> bool:
    return connection.execute(select(remote_ae.c.id).where(remote_ae.c.name == name)).one_or_none() is not None


def _write_audit(connection: Connection, action: audit.Action, ae: RemoteAE, principal: str, now: float) -> None:
    detail = {"name": ae.name, "ae_title": ae.ae_title}
    audit.append(connection, ae.tenant, action, principal=principal, now=now, detail=detail)
