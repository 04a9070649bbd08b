"""What all commands share: the configuration option, output, and how they get at the node's database."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from archive import schema
from archive.database import Database
from archive.errors import DatabaseUnavailable
from archive.pages import Page
from config import values
from config.loading import load
from config.settings import Settings
from isocenter import logs
from isocenter.failures import CannotStart, CommandFailed
from isocenter.startup import cannot_open, is_newer, newer
from isocenter.support import refuse_unsupported


def _nearest(ctx: typer.Context, value: Path | None) -> Path | None:
    """Take the file given before the command where none is given after it."""
    given: Path | None = ctx.find_root().params.get("config")
    return value or given


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        callback=_nearest,
        help="The configuration file; else ISOCENTER_CONFIG, else ./isocenter.toml where there is one.",
        show_default=False,
    ),
]


def _checked_tenant(value: str) -> str:
    try:
        return _TENANT.validate_python(value)
    except ValidationError as error:
        raise typer.BadParameter(
            "a tenant has 1 to 64 letters, digits, dots, hyphens and underscores, and begins with a letter or digit"
        ) from error


_TENANT: TypeAdapter[str] = TypeAdapter(values.Tenant)
# Of what is made: a tenant that no [[ae]] could have would never have an object.
NewTenant = Annotated[str, typer.Option(help="Whose objects these are.", callback=_checked_tenant)]

output = Console(highlight=False, soft_wrap=True)
messages = Console(stderr=True, highlight=False, soft_wrap=True)


def settings_of(config: Path | None, *, role: str) -> Settings:
    """Load the configuration and set up logs for this process."""
    settings = load(config)
    refuse_unsupported(settings)
    logs.configure(settings.log, role=role)
    return settings


@contextmanager
def node_database(settings: Settings) -> Iterator[Database]:
    """Open the node's database, whose schema must be there.

    Raises
    ------
    CannotStart
        It is not there, cannot be opened, or has another version's schema.
    """
    if not schema.may_be_there(settings.database.url):
        raise CannotStart(
            f"database.url: there is no {settings.database.url.removeprefix('sqlite:///')}; is this the node's "
            "configuration (--config)? A new node's database is made by its first start, or by `isocenter db upgrade`"
        )
    try:
        revision = schema.current(settings.database.url)
    except DatabaseUnavailable as error:
        raise cannot_open(error) from error
    if is_newer(revision):
        raise CannotStart(newer(revision))
    if revision != schema.head():
        raise CannotStart("the database has no schema of this version: run `isocenter db upgrade`")
    with Database(settings.database.url) as database:
        yield database


@contextmanager
def refusals_in_words() -> Iterator[None]:
    """Turn the complaint about a value into the command's one line."""
    try:
        yield
    except ValueError as error:
        raise CommandFailed(str(error)) from error


def actor() -> str:
    """Tell who gives this command, for the audit."""
    return f"command line (uid {os.getuid()})"


def every_item(database: Database, listing: Callable[..., Page], tenant: str) -> list[dict[str, Any]]:
    """Fetch all pages of a collection."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = database.read(listing, tenant, cursor=cursor)
        items.extend(page.items)
        if page.next is None:
            return items
        cursor = page.next


def show(items: list[dict[str, Any]], columns: Sequence[str]) -> None:
    """Print items as a table."""
    table = Table(*(column.replace("_", " ") for column in columns), box=box.SIMPLE_HEAD)
    for item in items:
        table.add_row(*(Text(_shown(item[column])) for column in columns))
    output.print(table)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
