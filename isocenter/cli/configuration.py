"""`isocenter config check` and `isocenter conformance`."""

from enum import StrEnum
from itertools import combinations
from typing import Annotated

import typer

from access import remote_aes
from access.remote_aes import RemoteAE
from analysis.errors import UnknownAnalyzer
from analysis.registry import require_installed
from archive import schema
from archive.errors import NodeError
from config.errors import ConfigurationError
from config.loading import load, locate
from config.settings import Settings
from isocenter import conformance as document
from isocenter.certificates import check_certificates
from isocenter.cli.options import Config, messages, node_database, output
from isocenter.failures import EXIT_CONFIGURATION, CannotStart
from isocenter.support import refuse_unsupported

configurations = typer.Typer(add_completion=False, help="The configuration.", no_args_is_help=True)
statements = typer.Typer(add_completion=False)


@configurations.callback()
def _group() -> None:
    """Keep `check` a sub-command while it is the only one."""


@configurations.command()
def check(config: Config = None) -> None:
    """Validate file and environment, and say what is wrong and where."""
    try:
        settings = load(config)
    except ConfigurationError as error:
        for problem in error.problems:
            messages.print(str(problem), markup=False)
        raise typer.Exit(EXIT_CONFIGURATION) from error
    refuse_unsupported(settings)
    check_certificates(settings)
    try:
        require_installed(settings)
    except UnknownAnalyzer as error:
        raise CannotStart(str(error)) from error
    for warning in warnings(settings):
        messages.print(f"warning: {warning}", markup=False)
    source = locate(config)
    output.print(f"{source or 'built-in defaults'}: valid", markup=False)


def warnings(settings: Settings) -> list[str]:
    """Return what is allowed, but looks like a mistake."""
    return [*_unknown_destinations(settings), *_equal_ports(settings), *_odd_reserves(settings)]


def _unknown_destinations(settings: Settings) -> list[str]:
    known = {entry.name for entry in settings.ae}
    return [
        f"route {route.name!r} sends to {name!r}, which is no [[ae]] of the file: it must be added at run time"
        for route in settings.route
        for name in route.to
        if name not in known
    ]


def _equal_ports(settings: Settings) -> list[str]:
    """Compare the ports; on machines of their own, roles may have the same."""
    dicom, web = settings.dicom, settings.web
    ports = {"dicom.port": dicom.port, "dicom.tls.port": dicom.tls.port, "web.port": web.port}
    return [
        f"{one} and {other} are both {ports[one]}: they cannot be on one machine"
        for one, other in combinations(ports, 2)
        if ports[one] and ports[one] == ports[other]
    ]


def _odd_reserves(settings: Settings) -> list[str]:
    reserved, warning = settings.storage.reserved_bytes, settings.storage.warning_bytes
    if not reserved or not warning or warning > reserved:
        return []
    return ["storage.warning_bytes is not above storage.reserved_bytes: objects are refused before anybody is warned"]


class StatementFormat(StrEnum):
    """What the conformance statement may be written as."""

    MARKDOWN = "markdown"
    HTML = "html"


@statements.command("conformance")
def conformance(
    format_: Annotated[StatementFormat, typer.Option("--format", help="How it is written.")] = StatementFormat.MARKDOWN,
    config: Config = None,
) -> None:
    """Print the DICOM conformance statement of this configuration (PS3.2)."""
    write = document.statement_page if format_ is StatementFormat.HTML else document.statement
    settings = load(config)
    typer.echo(write(settings, _running_aes(settings)), nl=False)


def _running_aes(settings: Settings) -> tuple[RemoteAE, ...]:
    """Read which remote AEs the node knows; a node that was never started knows none beside those of its file."""
    if not schema.may_be_there(settings.database.url):
        return ()
    try:
        with node_database(settings) as database:
            return database.read(remote_aes.everyone)
    except (CannotStart, NodeError) as error:
        messages.print(f"without the remote AEs that were added at run time: {error}", markup=False)
        return ()
