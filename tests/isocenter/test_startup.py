"""What an earlier end left behind is tidied up before the roles start."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from access import remote_aes, users
from archive import associations, routes
from archive.database import Database
from config.settings import Settings
from isocenter.failures import CannotStart
from isocenter.startup import prepare

HOST = socket.gethostname()


def settings(folder: Path, url: str, **sections: object) -> Settings:
    return Settings.model_validate({"data_dir": folder / "data", "database": {"url": url}, **sections})


def open_one(database: Database, listener: str) -> None:
    database.write(
        associations.opened,
        "default",
        calling_ae_title="MODALITY1",
        called_ae_title="ISOCENTER",
        address="192.0.2.7",
        listener=listener,
        now=time.time(),
    )


def test_associations_of_processes_that_are_no_more_are_ended_at_once(tmp_path: Path, database: Database) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    alive, elsewhere = f"{HOST}:{os.getpid()}", "another-host:1"
    for listener in (f"{HOST}:{ended.pid}", alive, elsewhere):
        open_one(database, listener)
    prepare(settings(tmp_path, database.url))
    assert database.read(associations.open_listeners) == sorted([alive, elsewhere])


def test_what_the_file_declares_replaces_what_it_declared_before(tmp_path: Path, database: Database) -> None:
    def declare(*names: str) -> None:
        ae = [{"ae_title": name, "host": "h", "port": 104} for name in names]
        route = [{"name": f"to-{name}", "from": "CT1", "to": name} for name in names]
        prepare(settings(tmp_path, database.url, ae=ae, route=route))

    declare("PACS1", "PACS2")
    declare("PACS2", "PACS3")
    assert [ae.name for ae in database.read(remote_aes.everyone)] == ["PACS2", "PACS3"]
    kept = database.read(routes.enabled, "default")
    assert {route.name: list(route.rule["from"]) for route in kept} == {"to-PACS2": ["CT1"], "to-PACS3": ["CT1"]}


def test_the_first_administrator_is_made_once(tmp_path: Path, database: Database) -> None:
    password = prepare(settings(tmp_path, database.url))
    assert password is not None
    assert prepare(settings(tmp_path, database.url)) is None
    assert prepare(settings(tmp_path, database.url, security={"admin_password": "another one"})) is None
    assert database.read(users.find, "admin") is not None


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path, database: Database) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(CannotStart, match=r"data_dir: .* cannot be made"):
        prepare(settings(tmp_path, database.url))
