"""Spool files: a DICOM file that grows as bytes arrive, hashed as they pass, few system calls."""

import io
import os
from pathlib import Path
from unittest.mock import Mock

import pydicom
import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from archive import file_meta
from archive.errors import NotParsable, ObjectTooLarge
from archive.spool import SpoolFile
from archive.spool_files import make_place

UIDS = {"sop_class_uid": CTImageStorage, "transfer_syntax_uid": ExplicitVRLittleEndian}


def spool_in(folder: Path, max_bytes: int = 1 << 30) -> SpoolFile:
    return SpoolFile(make_place(str(folder)), sop_instance_uid="1.2.3", max_bytes=max_bytes, **UIDS)


@pytest.mark.parametrize(
    "pieces", [[b""], [b"abc"], [b"a" * 70_000], [b"x", b"y" * 300_000, b"z"], [b"p" * 4_000] * 50]
)
def test_pieces_of_any_size_become_one_file(tmp_path: Path, pieces: list[bytes]) -> None:
    spool = spool_in(tmp_path)
    buffer = bytearray(300_000)
    for piece in pieces:
        # The caller's buffer is used again for the next piece.
        buffer[: len(piece)] = piece
        spool.write(memoryview(buffer)[: len(piece)])
    spooled = spool.finish()
    content = b"".join(pieces)
    assert spooled.path.read_bytes()[spooled.data_offset :] == content
    assert (spooled.size, spooled.content_hash) == (len(content), f"blake3:{blake3(content).hexdigest(28)}")
    spooled.discard()
    assert list(tmp_path.iterdir()) == []


def test_the_file_meta_information_is_what_others_expect(tmp_path: Path) -> None:
    spooled = spool_in(tmp_path).finish()
    data_set = pydicom.dcmread(spooled.path)
    meta = data_set.file_meta
    assert data_set.preamble == bytes(128)
    assert (meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID) == (CTImageStorage, "1.2.3")
    assert (meta.TransferSyntaxUID, meta.FileMetaInformationVersion) == (ExplicitVRLittleEndian, b"\0\1")
    assert meta.ImplementationVersionName == file_meta.IMPLEMENTATION_VERSION_NAME
    assert meta.FileMetaInformationGroupLength == spooled.data_offset - 144
    assert pydicom.uid.UID(file_meta.IMPLEMENTATION_CLASS_UID).is_valid
    spooled.discard()


@given(st.sampled_from(["1.2", "1.2.3", "1.2.840.10008.5.1.4.1.1.2"]), st.integers(1, 10**30))
def test_file_meta_information_reads_back(sop_class_uid: str, number: int) -> None:
    instance = f"2.25.{number}"
    content = file_meta.encode(
        sop_class_uid=sop_class_uid, sop_instance_uid=instance, transfer_syntax_uid=ExplicitVRLittleEndian
    )
    decoded = file_meta.decode(content + b"\x08\0\x05\0CS\0\0")
    assert decoded is not None
    assert decoded[0][file_meta.MEDIA_STORAGE_SOP_CLASS_UID] == sop_class_uid
    assert decoded[0][file_meta.MEDIA_STORAGE_SOP_INSTANCE_UID] == instance
    assert decoded[1] == len(content)
    assert pydicom.dcmread(io.BytesIO(content)).file_meta.MediaStorageSOPInstanceUID == instance


def test_small_pieces_are_collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, writev = Mock(wraps=os.write), Mock(wraps=os.writev)
    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr(os, "writev", writev)
    spool = spool_in(tmp_path)
    for _ in range(1_000):
        spool.write(bytes(500))
    spool.finish().discard()
    assert write.call_count + writev.call_count <= 10


def test_an_object_may_be_as_large_as_allowed_but_not_larger(tmp_path: Path) -> None:
    spool = spool_in(tmp_path, max_bytes=10)
    spool.write(bytes(10))
    with pytest.raises(ObjectTooLarge):
        spool.write(b"x")
    spool.discard()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("uid", ["", "../../x", "1.2\0", "1" * 65])
@pytest.mark.parametrize("which", ["sop_class_uid", "sop_instance_uid", "transfer_syntax_uid"])
def test_invalid_uids_never_reach_a_file(tmp_path: Path, which: str, uid: str) -> None:
    with pytest.raises(NotParsable):
        SpoolFile(make_place(str(tmp_path)), max_bytes=1, **{"sop_instance_uid": "1.2", **UIDS, which: uid})
    assert list(tmp_path.iterdir()) == []


def test_names_in_the_spool_say_nothing_of_the_object(tmp_path: Path) -> None:
    spool = spool_in(tmp_path)
    assert [len(path.name) for path in tmp_path.iterdir()] == [25]
    spool.discard()
