"""Figures as Markdown, with the date and the machine they were measured on."""

import datetime as dt
import os
import platform
from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def machine() -> str:
    """Describe the machine in one line."""
    models = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    model = models[0] if models else platform.machine()
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, Python {platform.python_version()}"


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write a Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def write(section: str, body: str) -> None:
    """Put `body` between the marks of `section` on the benchmark page, and print it."""
    today = dt.datetime.now(tz=dt.UTC).date()
    text = f"Measured on {today} on {machine()}.\n\n{body}\n"
    print(text)  # noqa: T201 - a benchmark's output is its purpose
    start, end = f"<!-- {section} -->", f"<!-- /{section} -->"
    page = PAGE.read_text()
    before, rest = page.split(start, 1)
    after = rest.split(end, 1)[1]
    PAGE.write_text(f"{before}{start}\n{text}{end}{after}")
