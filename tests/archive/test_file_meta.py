"""File meta information as others read it."""

import io

import pydicom
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from archive import file_meta


def test_uids_are_padded_with_nul_and_text_with_a_space() -> None:
    content = file_meta.encode(
        sop_class_uid=CTImageStorage, sop_instance_uid="1.2.3", transfer_syntax_uid=ExplicitVRLittleEndian
    )
    assert b"1.2.3\0" in content
    assert f"{file_meta.IMPLEMENTATION_VERSION_NAME} ".encode() in content
    assert f"{file_meta.IMPLEMENTATION_VERSION_NAME}\0".encode() not in content


def test_the_group_length_leads_to_the_data_set() -> None:
    uid = generate_uid()
    content = file_meta.encode(
        sop_class_uid=CTImageStorage, sop_instance_uid=uid, transfer_syntax_uid=ExplicitVRLittleEndian
    )
    meta = pydicom.dcmread(io.BytesIO(content)).file_meta
    start = len(file_meta.PREAMBLE) + len(file_meta.PREFIX) + 12
    assert start + meta.FileMetaInformationGroupLength == len(content)
    assert meta.MediaStorageSOPInstanceUID == uid
    assert meta.ImplementationVersionName == file_meta.IMPLEMENTATION_VERSION_NAME
