"""`isocenter find`, `get` and `move`, against a remote archive."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from archive import retrieve
from archive.database import Database
from isocenter.cli import app
from routing.peers import Peer
from tests.routing.archives import RemoteArchive
from tests.routing.peers import peer
from tests.routing.test_remote_retrieve import OTHER, slices
from tests.waiting import free_port

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Run:
    """Run a command on a node's database and storage."""
    path = tmp_path / "isocenter.toml"
    path.write_text(f'data_dir = "{tmp_path}/data"\n[database]\nurl = "{sqlite_url}"\n')
    monkeypatch.setenv("ISOCENTER_CONFIG", str(path))
    return lambda *arguments: CliRunner().invoke(app, arguments)


def add(run: Run, pacs: Peer) -> None:
    arguments = ("--host", pacs.host, "--port", str(pacs.port), "--ae-title", pacs.ae_title)
    assert run("ae", "add", "PACS1", *arguments).exit_code == 0


def test_a_pacs_is_asked_what_it_has(run: Run) -> None:
    archive = RemoteArchive(slices(2))
    with archive.running() as pacs:
        add(run, pacs)
        table = run("find", "PACS1", "--patient-name", "DOE*", "--key", "StudyDescription=CH*")
        listed = run("find", "PACS1", "--level", "image", "--limit", "1", "--json")
    assert table.exit_code == 0
    assert "Doe^Jane" in table.output
    assert OTHER in table.output
    assert (archive.asked[0].PatientName, archive.asked[0].StudyDescription) == ("DOE*", "CH*")
    (match,) = json.loads(listed.stdout)
    assert match["SOPInstanceUID"] == f"{OTHER}.1"
    assert "1 found, and there are more" in listed.stderr


def test_a_study_is_retrieved_into_the_archive(run: Run, sqlite_url: str) -> None:
    archive = RemoteArchive(slices(2))
    archive.go_on.set()
    with archive.running() as pacs:
        add(run, pacs)
        done = run("get", "PACS1", OTHER)
    assert (done.exit_code, done.stdout) == (0, "2 retrieved, 0 with warnings, 0 failed\n")
    with Database(sqlite_url) as database:
        assert len(database.read(retrieve.instances, "default", study_uids=(OTHER,))) == 2


def test_a_move_that_the_pacs_refuses_ends_with_its_reason(run: Run) -> None:
    with RemoteArchive(slices(1)).running() as pacs:
        add(run, pacs)
        refused = run("move", "PACS1", OTHER)
    assert refused.exit_code == 1
    assert "move destination unknown" in str(refused.exception)


@pytest.mark.parametrize("command", [("find", "PACS1"), ("get", "PACS1", OTHER), ("move", "PACS1", OTHER)])
def test_a_pacs_that_is_not_there_is_said(run: Run, command: tuple[str, ...]) -> None:
    add(run, peer(free_port()))
    failed = run(*command)
    assert failed.exit_code == 1
    assert str(failed.exception) == "PACS1: no connection: Connection refused"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("find", "PACS1", "--key", "PatientName"), "is not KEYWORD=VALUE"),
        (("get", "PACS1", "not-a-uid"), "is no UID"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(run: Run, command: tuple[str, ...], words: str) -> None:
    refused = run(*command)
    assert refused.exit_code == 2
    assert words in refused.stderr


def test_an_unknown_remote_ae_is_said(run: Run) -> None:
    assert "'NOBODY'" in str(run("find", "NOBODY").exception)
