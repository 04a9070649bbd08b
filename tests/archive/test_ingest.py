"""The only way in: what is acknowledged is there, byte for byte, and indexed; what is refused leaves nothing."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataelem import DataElement
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
)
from sqlalchemy import Connection, RowMapping, func, select

from archive.blobs import FileBlobs
from archive.database import Database
from archive.direct import Cursor, DirectTransactions
from archive.errors import NodeError, NotParsable, ObjectTooLarge, StorageFailed, UidMismatch
from archive.ingest import Archive, Outcome
from archive.origin import Origin, OriginKind
from archive.spool import Spooled
from archive.tables import arrival, instance, series, study
from tests.archive.objects import STUDY, ct_slice, encode, send, send_slice, sop_uid
from tests.waiting import wait_until


def only_row(connection: Connection, table: object) -> RowMapping:
    return connection.execute(select(table)).mappings().one()  # type: ignore[call-overload]


def counts(connection: Connection) -> list[int]:
    tables = (study, series, instance, arrival)
    return [connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def files(blobs: FileBlobs) -> list[Path]:
    return [path for path in blobs.root.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "transfer_syntax",
    [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian],
)
def test_an_object_is_kept_byte_for_byte_as_sent(sqlite_archive: Archive, transfer_syntax: str) -> None:
    content = encode(ct_slice(), transfer_syntax)
    assert send(sqlite_archive, content, transfer_syntax_uid=transfer_syntax).outcome is Outcome.STORED

    row = sqlite_archive.database.read(only_row, instance)
    stored = sqlite_archive.blobs.path(row["blob_key"]).read_bytes()
    assert stored[row["data_offset"] :] == content
    assert row["size"] == len(content)
    assert pydicom.dcmread(sqlite_archive.blobs.path(row["blob_key"])).file_meta.TransferSyntaxUID == transfer_syntax


def test_an_object_is_indexed_at_all_levels(archive: Archive) -> None:
    send_slice(archive, 7)

    of_study = archive.database.read(only_row, study)
    assert of_study["study_instance_uid"] == STUDY
    assert (of_study["patient_name"], of_study["patient_name_match"]) == ("Doe^Jane", "doe^jane")
    assert (of_study["patient_id"], of_study["patient_key"], of_study["study_date"]) == ("P1", "P1", "20260102")
    of_series = archive.database.read(only_row, series)
    assert of_series["study_id"] == of_study["id"]
    assert (of_series["modality"], of_series["series_description_match"]) == ("CT", "lung 1.0")
    of_instance = archive.database.read(only_row, instance)
    assert of_instance["series_id"] == of_series["id"]
    assert of_instance["sop_instance_uid"] == sop_uid(7)
    assert (of_instance["rows"], of_instance["bits_allocated"], of_instance["instance_number"]) == (16, 16, "7")
    assert of_instance["image_type"] == "ORIGINAL\\PRIMARY\\AXIAL"
    assert (of_instance["source_ae_title"], of_instance["origin"]) == ("MODALITY1", "dimse")


def test_settling_is_told_in_the_same_transaction(archive: Archive) -> None:
    send_slice(archive)
    told = archive.database.read(only_row, arrival)
    assert told["instance_id"] == archive.database.read(only_row, instance)["id"]
    assert told["series_id"] == archive.database.read(only_row, series)["id"]
    assert (told["source"], told["address"], told["outcome"]) == ("MODALITY1", "192.0.2.7", "stored")
    assert told["association_id"] == 5


def test_many_slices_share_their_study_and_series(archive: Archive) -> None:
    for number in range(5):
        send_slice(archive, number)
    assert archive.database.read(counts) == [1, 1, 5, 5]


def test_a_result_of_this_node_makes_a_series_of_its_own_kind(archive: Archive) -> None:
    send_slice(archive, origin=Origin(kind=OriginKind.ANALYSIS, job_id=1))
    assert archive.database.read(only_row, series)["own_result"] is True


def test_tenants_keep_their_objects_apart(archive: Archive) -> None:
    for tenant in ("north", "south"):
        send_slice(archive, origin=Origin(kind=OriginKind.STOW, tenant=tenant))
    assert archive.database.read(counts) == [2, 2, 2, 2]


def test_patients_without_an_id_are_not_taken_for_one(archive: Archive) -> None:
    send_slice(archive, PatientID="")
    assert archive.database.read(only_row, study)["patient_key"] == STUDY


def test_patients_of_two_issuers_are_told_apart(archive: Archive) -> None:
    send_slice(archive, IssuerOfPatientID="HOSPITAL")
    assert archive.database.read(only_row, study)["patient_key"] == "P1^^^HOSPITAL"


def test_values_of_unreasonable_length_are_cut_for_the_index_only(archive: Archive) -> None:
    data_set = ct_slice()
    for tag, vr, value in (
        (0x0010_0010, "PN", "\u0390" * 300 + "^X"),
        (0x0010_0020, "LO", "I" * 3_000),
        (0x0010_4000, "LT", "C" * 50_000),
        (0x0008_0020, "DA", "2" * 5_000),
    ):
        data_set.add(DataElement(tag, vr, value, validation_mode=pydicom.config.IGNORE))
    send(archive, encode(data_set))

    row = archive.database.read(only_row, study)
    lengths = [len(row[name]) for name in ("patient_name", "patient_id", "patient_comments", "study_date")]
    assert lengths == [256, 256, 4096, 256]
    assert len(row["patient_name_match"]) == 256


def test_nothing_in_a_value_can_break_the_index(archive: Archive) -> None:
    content = encode(ct_slice(PatientID="P1P1P1"))
    for good, bad in (
        (b"Doe^Jane", b"A\0B^C\xed\xa0\x80"),
        (b"P1P1P1", b"\0\0\0\0\0\0"),
        (b"Chest ", b"\xff\xfe\0\x80\xc3 "),
    ):
        content = content.replace(good, bad)
    assert send(archive, content).outcome is Outcome.STORED
    row = archive.database.read(only_row, study)
    assert row["patient_name"].startswith("AB^C\ufffd")
    assert (row["patient_id"], row["patient_key"]) == ("", STUDY)
    assert "\ufffd" in row["study_description"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"SOPInstanceUID": sop_uid(2)}, UidMismatch),
        ({"SOPClassUID": MRImageStorage}, UidMismatch),
        ({"SOPInstanceUID": None}, NotParsable),
        ({"StudyInstanceUID": None}, UidMismatch),
        ({"SeriesInstanceUID": None}, UidMismatch),
        ({"StudyInstanceUID": ""}, UidMismatch),
    ],
    ids=["B01", "B02", "B03", "B04 study", "B04 series", "B04 empty"],
)
def test_a_data_set_with_wrong_identity_is_refused(
    archive: Archive, changes: dict[str, Any], error: type[NodeError]
) -> None:
    with pytest.raises(error):
        send(archive, encode(ct_slice(**changes)))
    assert files(archive.blobs) == []
    assert archive.database.read(counts) == [0, 0, 0, 0]


def test_dates_and_times_of_acr_nema_are_indexed_as_they_are_written_today(archive: Archive) -> None:
    """PS3.5 Table 6.2-1, notes on DA and TM; the file keeps what was sent."""
    sent = encode(ct_slice())
    for now, then in (
        (b"DA\x08\x0020260102", b"DA\x0a\x001993.08.22"),
        (b"TM\x06\x00101112", b"TM\x0a\x0010:11:12.5"),
    ):
        assert sent.count(now) == 1
        sent = sent.replace(now, then)
    send(archive, sent)
    of_study = archive.database.read(only_row, study)
    assert (of_study["study_date"], of_study["study_time"]) == ("19930822", "101112.5")


@pytest.mark.parametrize("uid", ["../../x", "/etc/x", "1.2\0.3", "1." * 33, "1..2", ""])
def test_an_invalid_uid_is_refused_and_never_a_path(archive: Archive, tmp_path: Path, uid: str) -> None:
    before = set(tmp_path.rglob("*"))
    with pytest.raises(NodeError):
        send(archive, encode(ct_slice()), sop_instance_uid=uid)
    with pytest.raises(NodeError):
        send(archive, encode(ct_slice()).replace(STUDY.encode(), (uid or "x").encode()[:27].ljust(27, b"/")))
    assert {path for path in set(tmp_path.rglob("*")) - before if "index.sqlite" not in path.name} == set()


def test_an_object_above_the_limit_is_refused(sqlite_archive: Archive) -> None:
    small = Archive(sqlite_archive.database, sqlite_archive.blobs, max_object_bytes=100)
    with pytest.raises(ObjectTooLarge):
        send_slice(small)
    assert files(sqlite_archive.blobs) == []


def test_a_discarded_object_leaves_nothing(sqlite_archive: Archive) -> None:
    spool = sqlite_archive.spool(
        sop_class_uid="1.2", sop_instance_uid="1.2.3", transfer_syntax_uid=ExplicitVRLittleEndian
    )
    spool.write(bytes(200_000))
    spool.discard()
    spool.discard()
    assert files(sqlite_archive.blobs) == []


def test_a_change_of_patient_data_within_a_study_does_not_hinder_it(archive: Archive) -> None:
    send_slice(archive, 1)
    send_slice(archive, 2, PatientName="Roe^Jane", StudyDate="")
    assert archive.database.read(counts) == [1, 1, 2, 2]


def test_one_series_uid_in_two_studies_makes_two_series(archive: Archive) -> None:
    send_slice(archive, 1)
    send_slice(archive, 2, StudyInstanceUID="1.2.3.9")
    assert archive.database.read(counts) == [2, 2, 2, 2]


def test_a_study_that_was_deleted_is_made_again(archive: Archive) -> None:
    send_slice(archive, 1)
    archive.database.write(lambda connection: connection.execute(study.delete()))
    assert send_slice(archive, 2).outcome is Outcome.STORED
    assert archive.database.read(counts)[:3] == [1, 1, 1]


def test_the_file_is_synced_renamed_and_the_folder_synced_before_the_commit(
    sqlite_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (3, 4):
        # The first makes the series, the second opens the connection.
        send_slice(sqlite_archive, number)
    done: list[str] = []
    for name in ("fdatasync", "rename", "fsync"):
        original = getattr(os, name)

        def record(*arguments: object, name: str = name, original: object = original) -> object:
            done.append(name)
            return original(*arguments)  # type: ignore[operator]

        monkeypatch.setattr(os, name, record)
    run = DirectTransactions.run

    def commit(database: DirectTransactions, function: Callable[[Cursor], None]) -> None:
        done.append("commit")
        run(database, function)

    monkeypatch.setattr(DirectTransactions, "run", commit)
    send_slice(sqlite_archive, 2)
    # The last is that of the index.
    assert done == ["fdatasync", "rename", "fsync", "commit", "fdatasync"]


def test_arrivals_are_published_after_the_commit(database: Database, blobs: FileBlobs) -> None:
    seen: list[int] = []

    def publish(topic: str) -> None:
        assert topic == "arrivals"
        seen.append(database.read(counts)[2])

    with Archive(database, blobs, publish=publish) as archive:
        send_slice(archive, 1)
        wait_until(lambda: seen and seen[-1] == 1)
        send_slice(archive, 2)
        wait_until(lambda: seen[-1] == 2)


def test_a_disk_that_fails_refuses_the_object(sqlite_archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_spooled: Spooled) -> None:
        raise StorageFailed

    monkeypatch.setattr(Spooled, "sync", fail)
    with pytest.raises(StorageFailed):
        send_slice(sqlite_archive)
    assert files(sqlite_archive.blobs) == []
    assert sqlite_archive.database.read(counts) == [0, 0, 0, 0]
