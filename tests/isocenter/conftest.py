"""Small programs that play the roles, so that the supervisor is seen alone."""

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a Python program."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / f"{name}.py"
        path.write_text(textwrap.dedent(text))
        return path

    return write


@pytest.fixture
def start(script: Callable[[str, str], Path]) -> Iterator[Start]:
    """Start a program of the test; it is killed when the test left it running."""
    running: list[subprocess.Popen[str]] = []

    def run(text: str) -> subprocess.Popen[str]:
        path = script(f"program{len(running)}", text)
        running.append(
            subprocess.Popen([sys.executable, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        return running[-1]

    yield run
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()
