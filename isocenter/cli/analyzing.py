"""`isocenter analyze`: one analyzer on a folder, without a node; for authors of models."""

import json
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from analysis.errors import AnalysisError
from analysis.folder import analyze_folder
from analysis.registry import configured_options
from config.loading import load
from isocenter.cli.options import Config, messages, output
from isocenter.failures import CommandFailed

analyzing = typer.Typer(add_completion=False)


@analyzing.command()
def analyze(
    path: Annotated[Path, typer.Argument(exists=True, help="A DICOM file, or a folder with such files.")],
    analyzer: Annotated[str, typer.Option(help="Name of an installed analyzer.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where the results go.")] = Path("results"),
    option: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="An option of the analyzer; the value as JSON.")
    ] = None,
    config: Config = None,
) -> None:
    """Run one analyzer on every series below a path that it takes, and write its SR and SEG.

    No node is needed; where there is a configuration, its options of the analyzer count.
    """
    options = configured_options(load(config), analyzer) | dict(_parsed(text) for text in option or ())
    with (
        Progress(console=messages, transient=True, disable=not messages.is_terminal) as progress,
        warnings.catch_warnings(),
    ):
        # What is odd about the headers of images is no news to whoever runs a model on them.
        warnings.filterwarnings("ignore", module="pydicom")
        task = progress.add_task(analyzer, total=100)
        try:
            outcomes = analyze_folder(
                path,
                analyzer,
                out,
                options=options,
                progress=lambda percent, text: progress.update(task, completed=percent, description=text or analyzer),
            )
        except AnalysisError as error:
            raise CommandFailed(str(error)) from error
    for number, outcome in enumerate(outcomes, start=1):
        files = ", ".join(str(file.path) for file in outcome.files)
        output.print(f"series {number}: {outcome.state} {outcome.reason or files}", markup=False)
    if not any(outcome.state == "complete" for outcome in outcomes):
        failed = any(outcome.state == "failed" for outcome in outcomes)
        raise CommandFailed(f"{analyzer} failed" if failed else f"{analyzer} took no series below {path}")


def _parsed(text: str) -> tuple[str, Any]:
    key, separator, value = text.partition("=")
    if not separator:
        raise CommandFailed(f"--option {text}: must be KEY=VALUE")
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value
