"""Figures that a test measures but does not judge: shown by `pytest -s`, and kept by `make crash`."""

import os

from tests.benchmarks import report

_LONG_RUN = "CRASH_ROUNDS"


def show(text: str) -> None:
    """Show one line."""
    print(text, flush=True)  # noqa: T201 - showing is its purpose


def keep(section: str, text: str) -> None:
    """Show a line, and after a long run put it into its section of the benchmark page."""
    if _LONG_RUN in os.environ:
        report.write(section, text)
    else:
        show(text)
