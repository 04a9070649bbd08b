"""`isocenter import`: files that are on a disk or a medium, through the same checks as C-STORE."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api.uploads.receiver import Receiver
from api.uploads.zips import ZipLimits
from archive.origin import DEFAULT_TENANT, Origin, OriginKind
from isocenter.cli.options import Config, NewTenant, actor, messages, node_database, output, settings_of
from isocenter.permissions import keep_private
from isocenter.wiring import open_node

_CHUNK = 1 << 20
# What a person imports from a disk may be large; what a ZIP claims is bounded all the same.
_UNPACKED_BYTES = 1 << 40
_SHOWN_REFUSALS = 20


importing = typer.Typer(add_completion=False)


@importing.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders, ZIP files, or media with a DICOMDIR.")],
    tenant: NewTenant = DEFAULT_TENANT,
    config: Config = None,
) -> None:
    """Store DICOM files: all below folders, all in ZIP files. What is refused is named with its reason."""
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise typer.BadParameter(f"there is no {missing[0]}")
    settings = settings_of(config, role="import")
    keep_private()
    origin = Origin(kind=OriginKind.IMPORT, tenant=tenant, principal=actor())
    with node_database(settings), open_node(settings, role="import") as node:
        folder = settings.data_dir / "uploads"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        receiver = Receiver(node.archive, origin, folder, ZipLimits(total_bytes=_UNPACKED_BYTES))
        _feed(receiver, files_below(paths))
    tally = receiver.tally
    output.print(f"{tally.stored} stored, {tally.duplicates} were here already, {len(tally.refused)} refused")
    for refusal in tally.refused[:_SHOWN_REFUSALS]:
        messages.print(f"refused {refusal['file']}: {refusal['reason']}", markup=False)
    if len(tally.refused) > _SHOWN_REFUSALS:
        messages.print(f"and {len(tally.refused) - _SHOWN_REFUSALS} more")
    if tally.refused:
        raise typer.Exit(1)


def files_below(paths: list[Path]) -> list[Path]:
    """List the files that paths name, those of folders in order; links in folders are not followed.

    A medium's index (DICOMDIR, PS3.10 Section 8) only lists files that lie beside it: its medium is read instead, so
    that no name in it can lead anywhere else.
    """
    return list(_files_below(paths))


def _files_below(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        start = path.parent if path.name.upper() == "DICOMDIR" else path
        if start.is_file():
            yield start
        for folder, folders, names in os.walk(start):
            folders.sort()
            for name in sorted(names):
                file = Path(folder, name)
                if name.upper() != "DICOMDIR" and file.is_file() and not file.is_symlink():
                    yield file


def _feed(receiver: Receiver, files: list[Path]) -> None:
    columns = (TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=messages, disable=not messages.is_terminal) as progress:
        task = progress.add_task("import", total=len(files))
        for file in files:
            try:
                _feed_one(receiver, file)
            except OSError as error:
                receiver.discard()
                receiver.tally.refuse(str(file), f"It cannot be read: {error.strerror}.")
            progress.advance(task)


def _feed_one(receiver: Receiver, file: Path) -> None:
    with file.open("rb") as stream:
        receiver.begin(str(file))
        while chunk := stream.read(_CHUNK):
            receiver.write(chunk)
        receiver.end()
