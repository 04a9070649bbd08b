"""`isocenter ae`: remote AE titles at run time."""

from typing import Annotated, Any

import typer
from pydantic import ValidationError

from access import remote_aes
from access.passwords import hash_password
from access.remote_aes import RemoteAE
from archive.origin import DEFAULT_TENANT
from config.declared import AEDeclaration
from config.settings import Settings
from isocenter.cli import ae_options
from isocenter.cli.accounts import PasswordFile, read_password
from isocenter.cli.options import (
    Config,
    actor,
    every_item,
    node_database,
    output,
    refusals_in_words,
    settings_of,
    show,
)
from isocenter.directory import as_peer
from isocenter.failures import CommandFailed
from isocenter.wiring import bus_of, now
from routing.echo import echo
from routing.tls_contexts import requestor_context
from routing.tls_files import CurrentContext

aes = typer.Typer(
    add_completion=False, help="Remote AE titles: who may call this node, and where it sends to.", no_args_is_help=True
)
_Name = Annotated[str, typer.Argument(help="What rules and commands call it.")]


@aes.command("list")
def list_(tenant: Annotated[str, typer.Option(help="Whose.")] = DEFAULT_TENANT, config: Config = None) -> None:
    """List the remote AEs; those of the configuration file are marked as such."""
    settings = settings_of(config, role="ae")
    with node_database(settings) as database:
        items = every_item(database, remote_aes.listing, tenant)
    show(items, ("name", "ae_title", "host", "port", "allowed", "results", "source"))


@aes.command()
def add(
    name: _Name,
    *,
    host: ae_options.Host,
    port: ae_options.Port,
    ae_title: ae_options.AeTitle = None,
    tls: ae_options.Tls = False,
    allow: ae_options.Allow = None,
    source_network: ae_options.SourceNetwork = None,
    certificate: ae_options.Certificate = None,
    user: ae_options.User = None,
    password_hash: ae_options.PasswordHash = None,
    charset: ae_options.Charset = None,
    transfer_syntax: ae_options.TransferSyntax = None,
    sr_class: ae_options.SrClass = "comprehensive3d",
    results: ae_options.Results = None,
    commitment_report: ae_options.CommitmentReport = "new",
    availability: ae_options.Availability = False,
    get_without_roles: ae_options.GetWithoutRoles = False,
    tenant: ae_options.Tenant = DEFAULT_TENANT,
    config: Config = None,
) -> None:
    """Add a remote AE; it counts at once."""
    values: dict[str, Any] = {
        "name": name,
        "ae_title": ae_title or name,
        "host": host,
        "port": port,
        "tls": tls,
        "tenant": tenant,
        "source_networks": source_network or (),
        "certificate": certificate,
        "user": user,
        "password_hash": password_hash,
        "charset": charset,
        "transfer_syntaxes": transfer_syntax or (),
        "sr_class": sr_class,
        "results": results,
        "commitment_report": commitment_report,
        "availability": availability,
        "get_without_roles": get_without_roles,
        **({"allowed": allow} if allow else {}),
    }
    _add(RemoteAE.declared(_checked(values)), settings_of(config, role="ae"))
    output.print(f"{name} added", markup=False)


def _add(ae: RemoteAE, settings: Settings) -> None:
    with node_database(settings) as database:
        database.write(remote_aes.add, ae, now=now(), principal=actor())
    _announce(settings)


@aes.command()
def remove(name: _Name, config: Config = None) -> None:
    """Forget a remote AE. One of the configuration file is back at the next start."""
    settings = settings_of(config, role="ae")
    with node_database(settings) as database:
        database.write(remote_aes.remove, name, now=now(), principal=actor())
    _announce(settings)
    output.print(f"{name} removed", markup=False)


@aes.command("password")
def password_(password_file: PasswordFile = None) -> None:
    """Print the hash of a password, for `password_hash` of an `[[ae]]` whose user identity is checked."""
    with refusals_in_words():
        output.print(hash_password(read_password(password_file)), markup=False, soft_wrap=True)


@aes.command("echo")
def echo_(name: _Name, config: Config = None) -> None:
    """Send a C-ECHO, and say why it failed where it did."""
    settings = settings_of(config, role="ae")
    with node_database(settings) as database:
        ae = database.read(remote_aes.get, name)
    tls = CurrentContext(requestor_context, settings.dicom.tls)
    answer = echo(as_peer(ae, settings.dicom.ae_title, tls))
    if not answer.ok:
        raise CommandFailed(f"{name}: {answer.message}")
    output.print(f"{name}: {answer.message} in {answer.milliseconds} ms", markup=False)


def _checked(values: dict[str, Any]) -> AEDeclaration:
    try:
        return AEDeclaration.model_validate(values)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise CommandFailed(f"{place}: {problem['msg'].removeprefix('Value error, ')}") from error


def _announce(settings: Settings) -> None:
    with bus_of(settings) as bus:
        bus.publish("config")
