"""DICOM files as a way in: with and without preamble, with and without file meta information."""

import io
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from sqlalchemy import select

from archive.errors import NodeError, NotParsable, StorageFailed, UidMismatch
from archive.ingest import Archive, Outcome, Part10Spool
from archive.origin import Origin, OriginKind
from archive.tables import instance
from tests.archive.objects import ct_slice, encode, sop_uid

ORIGIN = Origin(kind=OriginKind.IMPORT)
PLAIN = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]


def file_of(data_set: Dataset, transfer_syntax: str = ExplicitVRLittleEndian, preamble: bytes = bytes(128)) -> bytes:
    """Return a whole DICOM file, written by pydicom."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, pydicom.uid.UID(sop_uid(1))
    meta.TransferSyntaxUID = pydicom.uid.UID(transfer_syntax)
    meta.SourceApplicationEntityTitle = "ELSEWHERE"
    buffer = io.BytesIO()
    buffer.write(preamble + b"DICM")
    pydicom.filewriter.write_file_meta_info(pydicom.filebase.DicomFileLike(buffer), meta)
    return buffer.getvalue() + encode(data_set, transfer_syntax)


def stored_data_set(archive: Archive) -> bytes:
    row = archive.database.read(lambda c: c.execute(select(instance.c.blob_key, instance.c.data_offset)).one())
    return archive.blobs.path(row.blob_key).read_bytes()[row.data_offset :]


def take(archive: Archive, content: bytes, chunk: int = 1 << 20) -> Outcome:
    spool = Part10Spool(archive)
    for start in range(0, len(content), chunk):
        spool.write(content[start : start + chunk])
    return archive.receive(spool.finish(), ORIGIN).outcome


@pytest.mark.parametrize("transfer_syntax", [*PLAIN, DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize("chunk", [1, 7, 131, 1 << 20])
def test_a_file_may_come_in_pieces_of_any_size(sqlite_archive: Archive, transfer_syntax: str, chunk: int) -> None:
    assert take(sqlite_archive, file_of(ct_slice(), transfer_syntax), chunk) is Outcome.STORED
    assert stored_data_set(sqlite_archive) == encode(ct_slice(), transfer_syntax)


def test_a_file_on_disk_is_taken_and_stays(sqlite_archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    path.write_bytes(file_of(ct_slice()))
    assert sqlite_archive.receive_file(path, ORIGIN).outcome is Outcome.STORED
    assert path.exists()
    assert sqlite_archive.receive_file(path, ORIGIN).outcome is Outcome.DUPLICATE


@pytest.mark.parametrize("preamble", [b"MZ" + bytes(126), b"\x7fELF" + bytes(124), b"<html>".ljust(128, b" ")])
def test_a_program_in_the_preamble_is_not_kept(sqlite_archive: Archive, preamble: bytes) -> None:
    take(sqlite_archive, file_of(ct_slice(), preamble=preamble))
    key = sqlite_archive.database.read(lambda c: c.scalars(select(instance.c.blob_key)).one())
    assert sqlite_archive.blobs.path(key).read_bytes()[:132] == bytes(128) + b"DICM"


@pytest.mark.parametrize("transfer_syntax", PLAIN)
def test_a_data_set_without_file_meta_information_is_recognized(sqlite_archive: Archive, transfer_syntax: str) -> None:
    assert take(sqlite_archive, encode(ct_slice(), transfer_syntax), 1_000) is Outcome.STORED
    assert stored_data_set(sqlite_archive) == encode(ct_slice(), transfer_syntax)
    key = sqlite_archive.database.read(lambda c: c.scalars(select(instance.c.blob_key)).one())
    meta = pydicom.dcmread(sqlite_archive.blobs.path(key)).file_meta
    assert (meta.MediaStorageSOPInstanceUID, meta.TransferSyntaxUID) == (sop_uid(1), transfer_syntax)


@pytest.mark.parametrize("cut", [128, 132], ids=["no preamble", "no preamble and prefix"])
def test_a_file_without_its_preamble_is_recognized(sqlite_archive: Archive, cut: int) -> None:
    assert take(sqlite_archive, file_of(ct_slice())[cut:]) is Outcome.STORED


def test_a_file_whose_meta_information_names_another_object_is_refused(sqlite_archive: Archive) -> None:
    with pytest.raises(UidMismatch):
        take(sqlite_archive, file_of(ct_slice(2)))


@pytest.mark.parametrize(
    "content",
    [b"", b"x", bytes(132), bytes(128) + b"DICM", b"PK\x03\x04" + bytes(5_000), b"%PDF-1.7" * 50, b"\xff" * 70_000],
)
def test_what_is_no_dicom_file_is_refused(sqlite_archive: Archive, content: bytes) -> None:
    with pytest.raises(NotParsable):
        take(sqlite_archive, content)
    assert [path for path in sqlite_archive.blobs.root.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("length", range(0, 700, 13))
def test_a_file_cut_anywhere_is_refused(sqlite_archive: Archive, length: int) -> None:
    with pytest.raises(NodeError):
        take(sqlite_archive, file_of(ct_slice())[:length])
    assert [path for path in sqlite_archive.blobs.root.rglob("*") if path.is_file()] == []


def test_a_file_that_cannot_be_read_is_refused(sqlite_archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        sqlite_archive.receive_file(tmp_path / "absent.dcm", ORIGIN)


def test_a_given_up_file_leaves_nothing(sqlite_archive: Archive) -> None:
    spool = Part10Spool(sqlite_archive)
    spool.write(file_of(ct_slice()))
    spool.discard()
    spool.discard()
    assert [path for path in sqlite_archive.blobs.root.rglob("*") if path.is_file()] == []
