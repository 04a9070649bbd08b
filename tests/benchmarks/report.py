"""Figures as Markdown, with the date and the machine they were measured on."""

import datetime as dt
import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def machine() -> str:
    """Describe the machine in one line."""
    models = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    model = models[0] if models else platform.machine()
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, Python {platform.python_version()}"


def file_system(folder: Path) -> str:
    """Name the file system that a folder is on."""
    mounts = [line.split()[1:3] for line in Path("/proc/self/mounts").read_text().splitlines()]
    within = [(place, kind) for place, kind in mounts if folder.resolve().is_relative_to(place)]
    return max(within, key=lambda mount: len(mount[0]))[1]


def method(folder: Path, rounds: int) -> str:
    """Say where and how often it was measured."""
    return f"{place(folder)}; {_peers()}; medians of {rounds} rounds (least–greatest)."


def place(folder: Path) -> str:
    """Say when and where it was measured."""
    return f"{_measured_on()}, {file_system(folder)}"


def _measured_on() -> str:
    return f"Measured on {dt.datetime.now(tz=dt.UTC).date()} on {machine()}"


def _peers() -> str:
    answers = [
        subprocess.run((name, "--version"), capture_output=True, text=True, check=True).stdout.splitlines()[0]
        for name in ("Orthanc", "storescp")
    ]
    return ", ".join(answer.strip("$ ").removeprefix("dcmtk: ") for answer in answers)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write a Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def write(section: str, body: str) -> None:
    """Put `body`, with the date and the machine, between the marks of `section` on the page, and print it."""
    show(section, f"{_measured_on()}.\n\n{body}", write=True)


def show(section: str, text: str, *, write: bool) -> None:
    """Print a text; put it between the marks of `section` on the benchmark page if that is wanted."""
    print(text)  # noqa: T201 - a benchmark's output is its purpose
    if write:
        PAGE.write_text(replaced(PAGE.read_text(), section, text))


def replaced(page: str, section: str, text: str) -> str:
    """Return the page with a text between the marks of a section."""
    start, end = f"<!-- {section} -->", f"<!-- /{section} -->"
    before, rest = page.split(start, 1)
    after = rest.split(end, 1)[1]
    return f"{before}{start}\n{text}\n{end}{after}"
