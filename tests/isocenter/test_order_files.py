"""Orders in the worklist folder: each is done once, and what is refused stays behind, marked."""

import os
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Connection

from archive import order_entries, scheduling
from archive.database import Database
from archive.errors import DatabaseUnavailable
from config.settings import Settings
from isocenter import order_files
from isocenter.worklist_folder import WorklistFolder

_NAME = "Müller^Änne"


def orm(control: str = "NW", *, number: str = "1", modality: str = "CT") -> bytes:
    """Write an order as an interface engine does."""
    lines = (
        "MSH|^~\\&|RIS|HOSP|ISO|HOSP|20260701120000||ORM^O01|M1|P|2.5.1|||||| UNICODE UTF-8",
        f"PID|1||P{number}^^^HOSP||{_NAME}||19700101|F",
        f"ORC|{control}|PL{number}|F{number}||||^^^202607060930",
        f"OBR|1|PL{number}|F{number}|CTC^CT chest^LOCAL{'|' * 14}A{number}|R1|S1|CT1|||{modality}",
    )
    return "".join(f"{line}\r" for line in lines).encode()


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "worklist"
    folder.mkdir()
    return folder


@pytest.fixture
def folder(tmp_path: Path, database: Database) -> WorklistFolder:
    return WorklistFolder(Settings(data_dir=tmp_path), database)


def look(folder: WorklistFolder) -> list[Any]:
    """Look until what lies there was the same in two looks, and then once more; gives the log."""
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            folder.look()
    assert "ller" not in str(logs)
    return logs


def accessions(database: Database) -> list[str]:
    return sorted(entry["accession_number"] for entry in database.read(scheduling.listing, "default").items)


@pytest.mark.parametrize(
    "content",
    [
        orm(),
        b"\x0b" + orm() + b"\x1c\r",
        orm().replace(b"\r", b"\r\n"),
        b"\xef\xbb\xbf" + orm().replace(b"\r", b"\n"),
    ],
    ids=["plain", "MLLP", "CRLF", "byte order mark"],
)
def test_an_order_becomes_an_entry_and_its_file_goes(
    drop: Path, folder: WorklistFolder, database: Database, content: bytes
) -> None:
    (drop / "order.HL7").write_bytes(content)
    logs = look(folder)
    (entry,) = database.read(scheduling.listing, "default").items
    assert (entry["patient_name"], entry["source"], entry["file"]) == (_NAME, "order", None)
    assert (entry["accession_number"], entry["station_ae_titles"]) == ("A1", ["CT1"])
    assert list(drop.iterdir()) == []
    assert [log["event"] for log in logs] == ["worklist_orders"]


def test_a_file_may_hold_many_messages_framed_and_in_a_batch(
    drop: Path, folder: WorklistFolder, database: Database
) -> None:
    framed = b"".join(b"\x0b" + orm(number=number) + b"\x1c\r" for number in "12")
    (drop / "framed.hl7").write_bytes(framed)
    batch = b"FHS|^~\\&|RIS\rBHS|^~\\&|RIS\r" + orm(number="3") + orm(number="4") + orm("CA", number="3")
    (drop / "batch.hl7").write_bytes(batch + b"BTS|3\rFTS|1\r")
    logs = look(folder)
    assert accessions(database) == ["A1", "A2", "A4"]
    assert [(log["messages"], log["created"], log["canceled"]) for log in logs] == [(2, 2, 0), (3, 2, 1)]
    assert list(drop.iterdir()) == []


def test_orders_count_in_the_order_in_which_they_came(drop: Path, folder: WorklistFolder, database: Database) -> None:
    for name, control in (("b", "NW"), ("c", "CA"), ("a", "NW")):
        (drop / f"{name}.hl7").write_bytes(orm(control))
    look(folder)
    assert accessions(database) == ["A1"]
    assert list(drop.iterdir()) == []


def test_an_order_that_was_canceled_does_not_come_back_with_a_restart(
    tmp_path: Path, drop: Path, folder: WorklistFolder, database: Database
) -> None:
    (drop / "new.hl7").write_bytes(orm())
    look(folder)
    (drop / "cancel.hl7").write_bytes(orm("CA"))
    look(folder)
    look(WorklistFolder(Settings(data_dir=tmp_path), database))
    assert accessions(database) == []


def test_what_is_refused_stays_behind_and_the_rest_is_done(
    drop: Path, folder: WorklistFolder, database: Database
) -> None:
    wrong = orm(number="2", modality="")
    unknown = orm("CA", number="3")
    (drop / "MUELLER.hl7").write_bytes(orm(number="1") + wrong + unknown + orm(number="4"))
    logs = look(folder)
    assert accessions(database) == ["A1", "A4"]
    (kept,) = drop.iterdir()
    assert kept.name == "MUELLER.hl7.refused"
    assert kept.read_bytes().replace(b"\r", b"") == (wrong + unknown).replace(b"\r", b"")
    refused = [log for log in logs if log["event"] == "worklist_file_refused"]
    assert [(log["message"], log["inode"]) for log in refused] == [(2, kept.stat().st_ino), (3, kept.stat().st_ino)]
    assert "OBR-24" in refused[0]["reason"]
    assert "ORC-2 and ORC-3" in refused[1]["reason"]
    assert "MUELLER" not in str(logs)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        b"no message",
        bytes(100),
        b"MSH|^~\\&|",
        orm("CA", number="\0"),
        orm(number="\0"),
        b"x" * (order_files.LARGEST_FILE + 1),
    ],
    ids=["empty", "blank", "text", "zeros", "header", "NUL canceled", "NUL made", "large"],
)
def test_a_file_without_an_order_is_marked_and_reported_once(
    drop: Path, folder: WorklistFolder, database: Database, content: bytes
) -> None:
    (drop / "one.hl7.refused").write_bytes(b"an older one")
    (drop / "one.hl7").write_bytes(content)
    logs = look(folder)
    assert [log["event"] for log in logs].count("worklist_file_refused") == 1
    assert sorted(path.name for path in drop.iterdir()) == ["one.hl7.refused", "one.hl7.refused1"]
    assert (drop / "one.hl7.refused1").read_bytes() == content
    assert accessions(database) == []


def test_while_the_database_is_away_a_file_stays_as_it_is(
    drop: Path, folder: WorklistFolder, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(_connection: Connection, *_args: object, **_more: object) -> Any:
        raise DatabaseUnavailable

    (drop / "order.hl7").write_bytes(orm())
    folder.look()
    with monkeypatch.context() as away:
        away.setattr(order_entries, "apply_each", unavailable)
        with pytest.raises(DatabaseUnavailable):
            folder.look()
    assert [path.name for path in drop.iterdir()] == ["order.hl7"]
    look(folder)
    assert accessions(database) == ["A1"]


def test_two_workers_that_see_one_folder_do_an_order_once(
    tmp_path: Path, drop: Path, folder: WorklistFolder, database: Database
) -> None:
    other = WorklistFolder(Settings(data_dir=tmp_path), database)
    (drop / "new.hl7").write_bytes(orm() + orm("CA"))
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            folder.look()
            other.look()
    assert [log["event"] for log in logs] == ["worklist_orders"]
    assert list(drop.iterdir()) == []


def test_where_files_cannot_be_removed_no_order_is_done(
    drop: Path, folder: WorklistFolder, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    (drop / "order.hl7").write_bytes(orm())
    assert [log["event"] for log in look(folder)] == ["worklist_file_refused"]
    assert [path.name for path in drop.iterdir()] == ["order.hl7"]
    assert accessions(database) == []


def test_a_link_is_left_alone(tmp_path: Path, drop: Path, folder: WorklistFolder, database: Database) -> None:
    (tmp_path / "elsewhere.hl7").write_bytes(orm())
    (drop / "link.hl7").symlink_to(tmp_path / "elsewhere.hl7")
    os.mkfifo(drop / "pipe.hl7")
    assert look(folder) == []
    assert accessions(database) == []
