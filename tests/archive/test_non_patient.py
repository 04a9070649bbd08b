"""Objects that belong to no patient are kept by the same rules as all others."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian
from sqlalchemy import Connection, delete, func, select, text, update

from archive import consistency, non_patient
from archive.blobs import FileBlobs
from archive.database import Database
from archive.errors import DatabaseUnavailable, DuplicateRefused, NotFound, StorageFailed
from archive.ingest import Archive, Outcome
from archive.non_patient_classes import KINDS
from archive.tables import audit, instance, non_patient_instance, obsolete_blob, quarantine, study
from tests.archive.non_patient_objects import code, color_palette, file_of, hanging_protocol, send

PROTOCOLS, PALETTES = KINDS["hanging-protocols"], KINDS["color-palettes"]


def count(archive: Archive, table: object) -> int:
    return archive.database.read(lambda c: c.scalar(select(func.count()).select_from(table)) or 0)  # type: ignore[arg-type]


def files(archive: Archive) -> list[Path]:
    return [archive.blobs.path(key) for key in archive.blobs.keys()]  # noqa: SIM118 - not a dictionary


def test_an_object_is_kept_byte_for_byte_and_has_no_study(archive: Archive) -> None:
    ds = hanging_protocol()
    assert send(archive, ds).outcome is Outcome.STORED
    found = archive.database.read(non_patient.find, "default", PROTOCOLS, ds.SOPInstanceUID)
    content = archive.blobs.path(found.key).read_bytes()
    sent = file_of(ds)
    assert content[found.data_offset :] == sent[-found.size :]
    assert found.size == len(content) - found.data_offset
    assert (count(archive, study), count(archive, instance)) == (0, 0)
    (record,) = archive.database.read(lambda c: c.execute(select(audit)).mappings().all())
    assert (record["action"], record["principal"]) == ("instances.stored", "tester")
    assert record["detail"]["sop_instance_uid"] == ds.SOPInstanceUID


def test_one_that_was_kept_with_another_kind_of_hash_is_known_again(archive: Archive) -> None:
    ds = hanging_protocol()
    send(archive, ds)
    found = archive.database.read(non_patient.find, "default", PROTOCOLS, ds.SOPInstanceUID)
    sha256 = hashlib.sha256(archive.blobs.path(found.key).read_bytes()[found.data_offset :]).hexdigest()
    archive.database.write(lambda c: c.execute(update(non_patient_instance).values(content_hash=sha256)))
    assert send(archive, ds).outcome is Outcome.DUPLICATE
    ds.HangingProtocolDescription = "other"
    with pytest.raises(DuplicateRefused):
        send(archive, ds)


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian], ids=lambda uid: uid.name
)
def test_what_it_is_found_by_is_read_in_every_encoding(archive: Archive, syntax: str) -> None:
    ds = hanging_protocol()
    send(archive, ds, transfer_syntax=syntax)
    keys: dict[str, Any] = {
        "00720002": ["chest*"],
        "00720014": ["1"],
        "0072000C": [{"00082218": [{"00080100": ["51185008"]}]}],
    }
    (found,) = archive.database.read(non_patient.page, "default", PROTOCOLS, keys).entries
    assert found["00720004"] == ["Zwei übereinander"]
    assert found["0072000C"][0]["00082218"][0]["00080104"] == ["Thorax"]
    assert found["00720100"] == ["2"]
    other = keys | {"00720014": ["2"]}
    assert archive.database.read(non_patient.page, "default", PROTOCOLS, other).entries == ()


def test_what_it_is_not_found_by_stays_out_of_the_table(archive: Archive) -> None:
    send(archive, color_palette(PatientComments="nobody", AlternateContentDescriptionSequence=[code("de")] * 300))
    (found,) = archive.database.read(non_patient.page, "default", PALETTES, {}).entries
    assert set(found) <= PALETTES.keys
    assert len(found["00700087"]) == 200


def test_the_same_again_changes_nothing_and_other_bytes_are_refused(archive: Archive) -> None:
    ds = hanging_protocol()
    send(archive, ds)
    assert send(archive, ds).outcome is Outcome.DUPLICATE
    ds.HangingProtocolName = "Other"
    with pytest.raises(DuplicateRefused):
        send(archive, ds)
    assert len(files(archive)) == 1
    assert [path for path in archive.blobs.spool_folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(("policy", "outcome"), [("replace", Outcome.REPLACED), ("keep-both", Outcome.QUARANTINED)])
def test_other_policies_for_duplicates_hold_too(
    database: Database, blobs: FileBlobs, policy: str, outcome: Outcome
) -> None:
    with Archive(database, blobs, duplicates=policy) as archive:
        ds = hanging_protocol()
        send(archive, ds)
        ds.HangingProtocolName = "Other"
        assert send(archive, ds).outcome is outcome
        (found,) = database.read(non_patient.page, "default", PROTOCOLS, {}).entries
        assert found["00720002"] == ["Other" if outcome is Outcome.REPLACED else "Chest CT"]
        assert count(archive, quarantine) == (outcome is Outcome.QUARANTINED)
        consistency.sweep(database, blobs)
        assert len(files(archive)) == (1 if outcome is Outcome.REPLACED else 2)
        assert consistency.check(database, blobs).is_clean


def test_the_same_bytes_are_taken_again_when_the_file_was_lost(archive: Archive) -> None:
    ds = hanging_protocol()
    send(archive, ds)
    (path,) = files(archive)
    path.unlink()
    assert send(archive, ds).outcome is Outcome.REPLACED
    assert consistency.check(archive.database, archive.blobs).is_clean


def test_tenants_have_their_own(archive: Archive) -> None:
    ds = hanging_protocol()
    for tenant in ("default", "other"):
        assert send(archive, ds, tenant).outcome is Outcome.STORED
    send(archive, hanging_protocol(), "other")
    assert len(archive.database.read(non_patient.page, "default", PROTOCOLS, {}).entries) == 1
    with pytest.raises(NotFound):
        archive.database.read(non_patient.find, "third", PROTOCOLS, ds.SOPInstanceUID)


def test_what_the_standard_defines_cannot_be_stored(archive: Archive) -> None:
    with pytest.raises(DuplicateRefused):
        send(archive, color_palette(SOPInstanceUID="1.2.840.10008.1.5.1"))
    assert files(archive) == []


def test_nothing_stays_when_the_table_does_not_take_it(sqlite_archive: Archive) -> None:
    sqlite_archive.database.write(
        lambda c: c.execute(
            text("CREATE TRIGGER t BEFORE INSERT ON non_patient_instance BEGIN SELECT RAISE(ABORT, 'full'); END")
        )
    )
    with pytest.raises(DatabaseUnavailable):
        send(sqlite_archive, hanging_protocol())
    assert files(sqlite_archive) == []
    assert [path for path in sqlite_archive.blobs.spool_folder.rglob("*") if path.is_file()] == []


def test_nothing_stays_when_the_name_cannot_be_made_durable(
    sqlite_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_keys: object) -> None:
        raise StorageFailed

    monkeypatch.setattr(sqlite_archive.blobs, "sync_names", failing)
    with pytest.raises(StorageFailed):
        send(sqlite_archive, hanging_protocol())
    assert files(sqlite_archive) == []
    assert count(sqlite_archive, non_patient_instance) == 0


def test_sweeps_and_checks_know_the_files(archive: Archive) -> None:
    ds = hanging_protocol()
    send(archive, ds)
    assert consistency.sweep(archive.database, archive.blobs) == consistency.Report()
    report = consistency.check(archive.database, archive.blobs)
    assert (report.checked, report.is_clean) == (1, True)
    (path,) = files(archive)
    with path.open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"....")
    assert consistency.check(archive.database, archive.blobs, repair=True).damaged == [ds.SOPInstanceUID]
    assert count(archive, non_patient_instance) == 0
    assert count(archive, quarantine) == 1
    assert send(archive, ds).outcome is Outcome.STORED


def test_a_file_without_a_row_gets_it_back(archive: Archive) -> None:
    ds = hanging_protocol()
    send(archive, ds)
    before = archive.database.read(non_patient.find, "default", PROTOCOLS, ds.SOPInstanceUID)
    archive.database.write(_forget)
    assert consistency.sweep(archive.database, archive.blobs).indexed == 1
    assert archive.database.read(non_patient.find, "default", PROTOCOLS, ds.SOPInstanceUID) == before


def test_what_is_deleted_is_gone_with_its_file(archive: Archive) -> None:
    ds = hanging_protocol()
    send(archive, ds)
    uid = ds.SOPInstanceUID
    archive.database.write(non_patient.remove, "default", PROTOCOLS, uid, principal="admin", now=1.0)
    assert count(archive, obsolete_blob) == 1
    consistency.sweep(archive.database, archive.blobs)
    assert files(archive) == []
    with pytest.raises(NotFound):
        archive.database.write(non_patient.remove, "default", PROTOCOLS, uid, principal="admin", now=1.0)


def _forget(connection: Connection) -> None:
    connection.execute(delete(non_patient_instance))
