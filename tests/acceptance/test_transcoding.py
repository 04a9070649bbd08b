"""A destination that knows no compression gets the same pixels uncompressed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

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
