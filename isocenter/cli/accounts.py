"""`isocenter user` and `isocenter apikey`: accounts of people and of programs."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from access import apikeys as keys
from access import users as accounts
from access.passwords import hash_password
from access.permissions import Role
from archive.origin import DEFAULT_TENANT
from isocenter.cli.options import (
    Config,
    NewTenant,
    actor,
    every_item,
    node_database,
    output,
    refusals_in_words,
    settings_of,
    show,
)
from isocenter.failures import CommandFailed
from isocenter.wiring import now

users = typer.Typer(add_completion=False, help="Accounts of people.", no_args_is_help=True)
apikeys = typer.Typer(add_completion=False, help="API keys of programs.", no_args_is_help=True)

# A hundred years: what is longer is "until revoked", and calendars end.
_MOST_DAYS = 36_500

Tenant = Annotated[str, typer.Option(help="Whose objects it sees.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        help="A file with the password; - reads it from standard input. Without it you are asked.", show_default=False
    ),
]


@users.command("add")
def add_user(  # noqa: PLR0917 - one parameter an option
    username: Annotated[str, typer.Argument(help="For the login.")],
    role: Annotated[Role, typer.Option(help="What it may do.")],
    name: Annotated[str, typer.Option(help="The person's name, as reports show it.")] = "",
    tenant: NewTenant = DEFAULT_TENANT,
    password_file: PasswordFile = None,
    config: Config = None,
) -> None:
    """Make an account."""
    settings = settings_of(config, role="user")
    password = read_password(password_file)
    with node_database(settings) as database, refusals_in_words():
        database.write(
            accounts.add,
            username=username,
            password_hash=hash_password(password),
            role=role,
            name=name,
            tenant=tenant,
            now=now(),
            principal=actor(),
        )
    output.print(f"user {username} added", markup=False)


@users.command("passwd")
def change_password(
    username: Annotated[str, typer.Argument(help="Whose password.")],
    tenant: Tenant = DEFAULT_TENANT,
    password_file: PasswordFile = None,
    config: Config = None,
) -> None:
    """Set a password; the account's sessions end."""
    settings = settings_of(config, role="user")
    password = read_password(password_file)
    with node_database(settings) as database, refusals_in_words():
        database.write(
            accounts.change, tenant, username, password_hash=hash_password(password), now=now(), principal=actor()
        )
    output.print(f"password of {username} changed", markup=False)


@users.command("list")
def list_users(tenant: Tenant = DEFAULT_TENANT, config: Config = None) -> None:
    """List the accounts."""
    settings = settings_of(config, role="user")
    with node_database(settings) as database:
        items = every_item(database, accounts.listing, tenant)
    show(items, ("username", "name", "role", "tenant", "enabled", "created"))


@apikeys.command("create")
def create_key(
    role: Annotated[Role, typer.Option(help="What it may do.")],
    name: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    tenant: NewTenant = DEFAULT_TENANT,
    days: Annotated[
        int | None, typer.Option(min=1, max=_MOST_DAYS, help="Valid for so many days; else until revoked.")
    ] = None,
    config: Config = None,
) -> None:
    """Make a key for a program, and print it: it cannot be shown again."""
    settings = settings_of(config, role="apikey")
    expires = None if days is None else (datetime.now(UTC) + timedelta(days=days)).timestamp()
    with node_database(settings) as database, refusals_in_words():
        _, key = database.write(
            keys.create, name=name, role=role, tenant=tenant, expires=expires, now=now(), principal=actor()
        )
    # Nothing else on standard output: scripts take the key from there.
    typer.echo(key)


@apikeys.command("list")
def list_keys(tenant: Tenant = DEFAULT_TENANT, config: Config = None) -> None:
    """List the keys, without what is secret of them."""
    settings = settings_of(config, role="apikey")
    with node_database(settings) as database:
        items = every_item(database, keys.listing, tenant)
    show(items, ("id", "name", "role", "tenant", "enabled", "created", "expires", "last_used"))


@apikeys.command("revoke")
def revoke_key(
    key_id: Annotated[int, typer.Argument(metavar="ID", help="The id that `list` shows.")],
    tenant: Tenant = DEFAULT_TENANT,
    config: Config = None,
) -> None:
    """Make a key worthless."""
    settings = settings_of(config, role="apikey")
    with node_database(settings) as database:
        database.write(keys.revoke, tenant, key_id, now=now(), principal=actor())
    output.print(f"key {key_id} revoked")


def read_password(file: Path | None) -> str:
    """Read a password from a file or standard input, or ask for it."""
    if file is None:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    if str(file) == "-":
        return sys.stdin.readline().rstrip("\r\n")
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise CommandFailed(f"{file} cannot be read: {error.strerror}") from error
