"""Figures that a test measures but does not judge: shown by `pytest -s`, as `make crash` runs it."""


def show(text: str) -> None:
    """Show one line."""
    print(text, flush=True)  # noqa: T201 - showing is its purpose
