"""`isocenter serve`, the roles alone, and `isocenter health`."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from isocenter import health as probes
from isocenter.cli.options import Config, output, settings_of
from isocenter.failures import CommandFailed
from isocenter.roles import Role
from isocenter.serving import serve as serve_roles

serving = typer.Typer(add_completion=False)


@serving.command()
def serve(config: Config = None) -> None:
    """Run the whole node on this machine: listener, web server and worker, supervised.

    Prints one line that starts with `ready` when every role answers. SIGTERM or Ctrl-C lets associations and jobs
    finish for a while, then ends it.
    """
    _serve(config, tuple(Role), role="serve")


@serving.command()
def dicom(config: Config = None) -> None:
    """Run the DICOM listener alone, for a node spread over machines."""
    _serve(config, (Role.DICOM,), role="dicom supervisor")


@serving.command()
def web(config: Config = None) -> None:
    """Run the web server alone: viewer, API, DICOMweb."""
    _serve(config, (Role.WEB,), role="web supervisor")


@serving.command()
def worker(config: Config = None) -> None:
    """Run the worker alone: completes series, runs jobs, delivers."""
    _serve(config, (Role.WORKER,), role="worker supervisor")


@serving.command()
def health(
    roles: Annotated[list[Role] | None, typer.Argument(help="What must answer; all without it.")] = None,
    config: Config = None,
) -> None:
    """Ask the roles of this machine whether they work: exit code 0 or 1, for container health checks."""
    settings = settings_of(config, role="health")
    for role in roles or tuple(Role):
        trouble = probes.trouble(role, settings)
        if trouble:
            raise CommandFailed(f"{role.value}: {trouble}")
        output.print(f"{role.value}: ok")


def _serve(config: Path | None, roles: tuple[Role, ...], *, role: str) -> None:
    # From here on; the supervisor has handlers of its own, which let its children finish.
    signal.signal(signal.SIGTERM, _end_before_it_began)
    settings = settings_of(config, role=role)
    _keep_configuration(config)
    raise typer.Exit(serve_roles(settings, roles, say=_say))


def _keep_configuration(config: Path | None) -> None:
    """Let the child processes read the same file."""
    if config is not None:
        os.environ["ISOCENTER_CONFIG"] = str(config.absolute())


def _end_before_it_began(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _say(line: str) -> None:
    """Print a line; a node whose reader has gone (`isocenter serve | head -1`) goes on all the same."""
    try:
        typer.echo(line)
    except OSError:
        # What is left in the buffer would fail again at the end of the process, and change its exit code.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
