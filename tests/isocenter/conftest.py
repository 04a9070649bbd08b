"""Commands on a node's folder, and small programs that play the roles, so that the supervisor is seen alone."""

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from isocenter.cli import app, main

Run = Callable[..., Result]
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


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Path:
    """A node's folder; commands find its configuration by the environment."""
    path = tmp_path / "isocenter.toml"
    path.write_text(f'data_dir = "{tmp_path}/data"\n[database]\nurl = "{sqlite_url}"\n')
    monkeypatch.setenv("ISOCENTER_CONFIG", str(path))
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Run a command that must succeed."""
    del folder

    def invoke(*arguments: str, code: int = 0, text: str | None = None) -> Result:
        result = CliRunner().invoke(app, arguments, input=text)
        assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
        return result

    return invoke


@pytest.fixture
def fail(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must fail, as the installed program; gives its one line."""
    del folder

    def invoke(*arguments: str, code: int = 1) -> str:
        monkeypatch.setattr("sys.argv", ["isocenter", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        lines = capsys.readouterr().err.strip().splitlines()
        assert ended.value.code == code, lines
        assert len(lines) == 1, lines
        return lines[0].removeprefix("isocenter: ")

    return invoke
