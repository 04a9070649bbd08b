"""GDCM's gdcmscu stores; what counts is what the node holds.

The tool's process aborts at the end of each association, with other peers too, before it says what it found: its exit
code means nothing, and its queries cannot be looked at.
"""

import pydicom
import pytest

from isocenter.demo.phantom import PhantomStudy, write_phantom
from tests.acceptance.conftest import require
from tests.acceptance.peers.dcmtk import run
from tests.acceptance.peers.kept import keeping
from tests.acceptance.peers.node import Node
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, module_node: Node) -> PhantomStudy:
    """A generated CT that gdcmscu has stored."""
    require("gdcmscu")
    made = write_phantom(tmp_path_factory.mktemp("gdcm"), slices=12)
    titles = ["--aetitle", "MODALITY1", "--call", module_node.ae_title]
    files = ["--store", "-r", "-i", str(made.files[0].parent)]
    run("gdcmscu", *titles, *files, "127.0.0.1", str(module_node.dicom_port))
    return made


def test_what_it_stores_is_kept_as_it_was_sent(module_node: Node, study: PhantomStudy) -> None:
    sent = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, study.files)}
    with keeping(module_node.data_dir) as kept:
        wait_until(lambda: sent.keys() <= {row.sop_instance_uid for row in kept.rows()}, what="all slices")
        rows = {row.sop_instance_uid: row for row in kept.rows()}
    for uid, ds in sent.items():
        assert rows[uid].sha256() == rows[uid].indexed_sha256
        found = pydicom.dcmread(rows[uid].path)
        assert found == ds
