"""A destination that knows no compression gets the same pixels uncompressed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.dcmtk import Scu, StoreScp
from tests.acceptance.peers.node import Node

pytestmark = pytest.mark.acceptance


@pytest.mark.parametrize(("option", "syntax"), [("+xi", ImplicitVRLittleEndian), ("+xe", ExplicitVRLittleEndian)])
def test_a_compressed_object_is_moved_uncompressed(
    start_node: Callable[..., Node], tmp_path: Path, option: str, syntax: str
) -> None:
    source = dcmread(str(get_testdata_file("MR_small_RLE.dcm", download=False)))
    assert source.file_meta.TransferSyntaxUID.is_compressed
    pacs = StoreScp(tmp_path / "OLDPACS", "OLDPACS", syntaxes=option).start()
    try:
        node = start_node(aes=[MODALITY, pacs.as_ae(results=False)], analysis={"quiet_seconds": 3600})
        assert node.run("import", str(source.filename)).returncode == 0
        study = f"StudyInstanceUID={source.StudyInstanceUID}"
        moved = Scu(node.dicom_port).move("OLDPACS", "QueryRetrieveLevel=STUDY", study)
        assert moved.returncode == 0, moved.stderr
        (path,) = pacs.received("MR")
    finally:
        pacs.stop()
    got = dcmread(path)
    assert not got.file_meta.TransferSyntaxUID.is_compressed
    assert got.file_meta.TransferSyntaxUID == syntax
    assert np.array_equal(got.pixel_array, source.pixel_array)


@pytest.mark.parametrize(
    ("option", "syntax"), [("+xr", RLELossless), ("+xt", JPEGLSLossless), ("+xv", JPEG2000Lossless)]
)
def test_a_destination_that_lists_a_compressed_syntax_gets_it(
    start_node: Callable[..., Node], tmp_path: Path, option: str, syntax: str
) -> None:
    source = dcmread(str(get_testdata_file("MR_small.dcm", download=False)))
    pacs = StoreScp(tmp_path / "VNA1", "VNA1", syntaxes=option).start()
    try:
        entry = pacs.as_ae(results=False, transfer_syntaxes=[syntax])
        node = start_node(aes=[MODALITY, entry], analysis={"quiet_seconds": 3600})
        assert node.run("import", str(source.filename)).returncode == 0
        keys = ("QueryRetrieveLevel=PATIENT", f"PatientID={source.PatientID}")
        moved = Scu(node.dicom_port).move("VNA1", *keys, model="-P")
        assert moved.returncode == 0, moved.stderr
        (path,) = pacs.received("MR")
        # Who asks over an association of its own, without a list, gets what is stored.
        (got,) = Scu(node.dicom_port).get(tmp_path / "got", *keys, model="-P")
    finally:
        pacs.stop()
    received = dcmread(path)
    assert received.file_meta.TransferSyntaxUID == syntax
    assert np.array_equal(received.pixel_array, source.pixel_array)
    assert dcmread(got).PixelData == source.PixelData
