"""`isocenter db`: schema and consistency of the index."""

from typing import Annotated

import typer
from rich.progress import Progress

from archive import consistency, schema
from archive.consistency import Report
from isocenter import startup
from isocenter.cli.options import Config, messages, node_database, output, settings_of
from isocenter.permissions import keep_private
from isocenter.wiring import open_blobs

databases = typer.Typer(
    help="The index: its schema, and whether it agrees with the object files.", no_args_is_help=True
)
_SHOWN = 20
_REPAIR = "Index files without rows, take rows without files out, put damaged files into quarantine."


@databases.command()
def upgrade(config: Config = None) -> None:
    """Create the schema, or bring it up to this version."""
    settings = settings_of(config, role="db")
    keep_private()
    startup.upgrade(settings)
    output.print(f"schema {schema.head()}")


@databases.command()
def check(
    *,
    repair: Annotated[bool, typer.Option("--repair", help=_REPAIR)] = False,
    config: Config = None,
) -> None:
    """Compare every object file with its hash in the index. Exit code 1 when something is missing or damaged."""
    settings = settings_of(config, role="db")
    bar = Progress(console=messages, disable=not messages.is_terminal)
    with node_database(settings) as database, open_blobs(settings) as blobs, bar as progress:
        task = progress.add_task("Checking", total=None)
        report = consistency.check(
            database,
            blobs,
            repair=repair,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    _print(report)
    if not report.is_clean:
        raise typer.Exit(1)


def _print(report: Report) -> None:
    output.print(f"{report.checked} objects checked")
    counts = {
        "leftovers removed": report.spool_removed + report.obsolete_removed,
        "files indexed": report.indexed,
        "put into quarantine": report.quarantined,
        "duplicates removed": report.duplicates_removed,
    }
    for name, count in counts.items():
        if count:
            output.print(f"{name}: {count}")
    for name in ("missing", "damaged", "unreadable"):
        found: list[str] = getattr(report, name)
        for each in found[:_SHOWN]:
            messages.print(f"{name}: {each}")
        if len(found) > _SHOWN:
            messages.print(f"{name}: {len(found) - _SHOWN} more")
