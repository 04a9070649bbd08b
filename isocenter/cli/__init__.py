"""The command line: one module a group of commands, loaded when it is called."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from archive.errors import NodeError
from config.errors import ConfigurationError
from isocenter.cli.loading import LazyGroup
from isocenter.cli.options import Config, messages
from isocenter.failures import EXIT_CONFIGURATION, EXIT_FAILED, CannotStart, CommandFailed

app = typer.Typer(
    name="isocenter",
    cls=LazyGroup,
    help="A DICOM node between modalities, PACS and AI: receives studies, keeps them, has them analysed, "
    "and gives the results back as DICOM.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - a callback of Typer
    if wanted:
        typer.echo(f"isocenter {version('isocenter')}")
        raise typer.Exit


@app.callback()
def _isocenter(
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_print_version, is_eager=True)
    ] = False,
    config: Config = None,
) -> None:
    """Keep the application a group; `--config` counts before the command as after it."""
    del config


def main() -> None:
    """Run a command: exit code 2 and one line for a bad configuration, 1 and one line for what could not be done."""
    try:
        app()
    except (ConfigurationError, CannotStart) as error:
        _say(error)
        sys.exit(EXIT_CONFIGURATION)
    except (NodeError, CommandFailed) as error:
        _say(error)
        sys.exit(EXIT_FAILED)


def _say(error: Exception) -> None:
    messages.print(f"isocenter: {' '.join(str(error).split())}", markup=False)
