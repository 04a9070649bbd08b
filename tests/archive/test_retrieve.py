"""Unique keys pick stored instances, in the order in which a viewer and a PACS want them."""

import pytest
from sqlalchemy import Connection

from archive import retrieve
from archive.database import Database
from tests.archive.index_rows import add_instance


@pytest.fixture
def archive(database: Database) -> Database:
    def fill(connection: Connection) -> None:
        for number in ("10", "9", "", "1"):
            add_instance(
                connection,
                uids=("1.1", "1.1.2", f"1.1.2.{number or 0}"),
                of_study={"patient_id": "Pat 1"},
                of_series={"series_number": "2", "modality": "CT"},
                instance_number=number,
                rows=512,
                columns=256,
                number_of_frames=3,
            )
        add_instance(connection, uids=("1.1", "1.1.1", "1.1.1.1"), of_series={"series_number": "11"})
        add_instance(connection, uids=("1.1", "1.1.1", "1.1.1.2"), hidden=True)
        add_instance(connection, uids=("1.2", "1.2.1", "1.2.1.1"), of_study={"patient_id": "Pat 2"})
        add_instance(connection, uids=("1.1", "1.1.2", "1.1.2.77"), tenant="other")

    database.write(fill)
    return database


def sop_uids(archive: Database, **keys: object) -> list[str]:
    return [found.sop_instance_uid for found in archive.read(retrieve.instances, "default", **keys)]  # type: ignore[arg-type] # keyword arguments of the cases


def test_instances_come_by_series_number_and_instance_number(archive: Database) -> None:
    expected = ["1.1.2.1", "1.1.2.9", "1.1.2.10", "1.1.2.0", "1.1.1.1"]
    assert sop_uids(archive, study_uids=["1.1"]) == expected
    assert sop_uids(archive, patient_id=" Pat 1") == expected


def test_keys_narrow_each_other(archive: Database) -> None:
    assert sop_uids(archive, study_uids=["1.1"], series_uids=["1.1.1", "1.2.1"]) == ["1.1.1.1"]
    assert sop_uids(archive, patient_id="pat 2") == []
    assert sop_uids(archive, patient_id="Pat 2", study_uids=["1.1"]) == []
    assert sop_uids(archive, sop_uids=["1.2.1.1", "1.1.2.9", "1.2.1.1"]) == ["1.1.2.9", "1.2.1.1"]


def test_no_key_means_nothing(archive: Database) -> None:
    assert sop_uids(archive) == []


def test_rejected_instances_are_taken_only_when_asked_for(archive: Database) -> None:
    assert sop_uids(archive, series_uids=["1.1.1"]) == ["1.1.1.1"]
    assert sorted(sop_uids(archive, series_uids=["1.1.1"], include_hidden=True)) == ["1.1.1.1", "1.1.1.2"]


def test_long_lists_are_asked_for_in_parts(archive: Database) -> None:
    wanted = [f"9.{number}" for number in range(5_000)] + ["1.1.2.9"]
    assert sop_uids(archive, sop_uids=wanted, study_uids=["1.1"]) == ["1.1.2.9"]


def test_an_instance_says_where_its_bytes_are(archive: Database) -> None:
    (found,) = archive.read(retrieve.instances, "default", sop_uids=["1.1.2.9"])
    assert (found.key, found.data_offset, found.size) == ("ab/1.1.2.9", 300, 1000)
    assert (found.rows, found.columns, found.number_of_frames, found.instance_number) == (512, 256, 3, 9)
    assert (found.modality, found.patient_id) == ("CT", "Pat 1")
