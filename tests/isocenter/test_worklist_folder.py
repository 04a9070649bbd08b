"""Worklist files: entries come, change and go with them, and a broken one harms nobody."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from archive import procedure_steps, scheduling
from archive.attribute_lists import from_keywords
from archive.database import Database
from config.settings import Settings
from isocenter.worklist_folder import WorklistFolder
from tests.waiting import wait_until


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "worklist"
    folder.mkdir()
    return folder


@pytest.fixture
def folder(tmp_path: Path, database: Database) -> WorklistFolder:
    return WorklistFolder(Settings(data_dir=tmp_path), database)


def worklist(*stations: str, patient: str = "Müller^Änne", study: str = "1.2.3") -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.PatientName, dataset.PatientID, dataset.AccessionNumber = patient, "P1", "A1"
    dataset.StudyInstanceUID, dataset.RequestedProcedureID = study, "R1"
    dataset.ScheduledProcedureStepSequence = []
    for number, station in enumerate(stations or ("CT1",)):
        step = Dataset()
        step.ScheduledStationAETitle, step.Modality = station, "CT"
        step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20260706", "0930"
        step.ScheduledProcedureStepID = f"S{number}"
        dataset.ScheduledProcedureStepSequence.append(step)
    return dataset


def write(path: Path, dataset: Dataset, syntax: str = ExplicitVRLittleEndian) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID("1.2.276.0.7230010.3.1.0.1"), UID("1.2.3.4")
    meta.TransferSyntaxUID = UID(syntax)
    dataset.file_meta = meta
    beside = path.with_suffix(".new")
    dcmwrite(beside, dataset, enforce_file_format=True)
    beside.rename(path)


def look(folder: WorklistFolder) -> None:
    """Look twice: a file must have been the same in two looks."""
    folder.look()
    folder.look()


def entries(database: Database) -> list[dict[str, Any]]:
    return database.read(scheduling.listing, "default").items


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_a_file_becomes_an_entry(drop: Path, folder: WorklistFolder, database: Database, syntax: str) -> None:
    write(drop / "one.wl", worklist(), syntax)
    look(folder)
    (entry,) = entries(database)
    assert (entry["patient_name"], entry["source"], entry["file"]) == ("Müller^Änne", "file", "one.wl")
    assert (entry["state"], entry["station_ae_titles"]) == ("SCHEDULED", ["CT1"])


def test_a_file_is_not_read_at_first_sight(drop: Path, folder: WorklistFolder, database: Database) -> None:
    write(drop / "one.wl", worklist())
    folder.look()
    assert entries(database) == []


def test_a_file_without_file_meta_information_is_read(drop: Path, folder: WorklistFolder, database: Database) -> None:
    dcmwrite(drop / "one.WL", worklist(), implicit_vr=True, little_endian=True)
    look(folder)
    assert len(entries(database)) == 1


def test_each_step_of_a_file_is_an_entry(drop: Path, folder: WorklistFolder, database: Database) -> None:
    write(drop / "two.dcm", worklist("CT1", "CT2"))
    look(folder)
    assert sorted(entry["station_ae_titles"] for entry in entries(database)) == [["CT1"], ["CT2"]]
    write(drop / "two.dcm", worklist("CT1"))
    look(folder)
    assert [entry["station_ae_titles"] for entry in entries(database)] == [["CT1"]]


def test_a_changed_file_changes_its_entry(drop: Path, folder: WorklistFolder, database: Database) -> None:
    write(drop / "one.wl", worklist())
    look(folder)
    before = entries(database)[0]["id"]
    write(drop / "one.wl", worklist(patient="Meier^Ida"))
    look(folder)
    (entry,) = entries(database)
    assert (entry["id"], entry["patient_name"]) == (before, "Meier^Ida")


def test_a_removed_file_removes_its_entry_even_when_nobody_looked(
    tmp_path: Path, drop: Path, folder: WorklistFolder, database: Database
) -> None:
    write(drop / "one.wl", worklist())
    look(folder)
    (drop / "one.wl").unlink()
    WorklistFolder(Settings(data_dir=tmp_path), database).look()
    assert entries(database) == []


def test_what_became_of_a_step_outlives_a_restart(
    tmp_path: Path, drop: Path, folder: WorklistFolder, database: Database
) -> None:
    write(drop / "one.wl", worklist())
    look(folder)
    begun = {
        "ScheduledStepAttributesSequence": [{"StudyInstanceUID": "1.2.3", "ScheduledProcedureStepID": "S0"}],
        "PerformedProcedureStepID": "1",
        "PerformedStationAETitle": "CT1",
        "PerformedProcedureStepStartDate": "20260706",
        "PerformedProcedureStepStartTime": "0930",
        "PerformedProcedureStepStatus": "IN PROGRESS",
        "Modality": "CT",
    }
    database.write(procedure_steps.create, "default", "1.2.9", from_keywords(begun), calling_ae_title="CT1", now=1.0)
    look(WorklistFolder(Settings(data_dir=tmp_path), database))
    assert entries(database)[0]["state"] == "IN PROGRESS"


def incomplete() -> Dataset:
    dataset = worklist()
    del dataset.StudyInstanceUID
    return dataset


@pytest.mark.parametrize("content", [b"", b"nothing like it", bytes(128) + b"DICM", b"\xff" * 5000, bytes(2 << 20)])
def test_a_broken_file_is_reported_once_and_harms_nobody(
    drop: Path, folder: WorklistFolder, database: Database, content: bytes
) -> None:
    write(drop / "good.wl", worklist())
    (drop / "MUELLER_AENNE.wl").write_bytes(content)
    with structlog.testing.capture_logs() as logs:
        for _ in range(4):
            folder.look()
    refused = [entry for entry in logs if entry["event"] == "worklist_file_refused"]
    assert len(refused) == 1
    assert "MUELLER" not in str(logs)
    assert len(entries(database)) == 1


def test_a_file_that_becomes_incomplete_takes_its_entry_back(
    drop: Path, folder: WorklistFolder, database: Database
) -> None:
    write(drop / "one.wl", worklist())
    look(folder)
    write(drop / "one.wl", incomplete())
    with structlog.testing.capture_logs() as logs:
        look(folder)
    assert entries(database) == []
    assert "StudyInstanceUID" in logs[0]["reason"]


def test_links_folders_and_other_files_are_left_alone(
    tmp_path: Path, drop: Path, folder: WorklistFolder, database: Database
) -> None:
    write(tmp_path / "elsewhere.wl", worklist())
    (drop / "link.wl").symlink_to(tmp_path / "elsewhere.wl")
    (drop / "folder.wl").mkdir()
    (drop / "lockfile").touch()
    write(drop / "one.txt", worklist())
    os.mkfifo(drop / "pipe.wl")
    look(folder)
    assert entries(database) == []


def test_a_folder_that_cannot_be_read_changes_nothing(
    tmp_path: Path, drop: Path, folder: WorklistFolder, database: Database
) -> None:
    write(drop / "one.wl", worklist())
    look(folder)
    missing = Settings.model_validate({"data_dir": tmp_path, "worklist": {"folder": tmp_path / "unmounted"}})
    with pytest.raises(FileNotFoundError):
        WorklistFolder(missing, database).look()
    assert len(entries(database)) == 1


def test_the_loop_looks_until_it_is_stopped(drop: Path, folder: WorklistFolder, database: Database) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=folder.run, args=(stop,))
    thread.start()
    write(drop / "one.wl", worklist())
    wait_until(lambda: entries(database), what="the entry")
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
