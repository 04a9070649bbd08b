"""`isocenter analyze`: one analyzer on a folder, without a node."""

import typer

analyzing = typer.Typer(add_completion=False)


@analyzing.command()
def analyze() -> None:
    """X."""
