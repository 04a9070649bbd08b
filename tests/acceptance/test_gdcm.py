"""GDCM stores, queries and retrieves; what counts is what either side holds."""

from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import ImplicitVRLittleEndian

from isocenter.demo.phantom import PhantomStudy, write_phantom
from tests.acceptance.conftest import MODALITY, require
from tests.acceptance.peers import gdcm_scu
from tests.acceptance.peers.kept import keeping
from tests.acceptance.peers.node import Node
from tests.scp.samples import ct_image, write_file
from tests.waiting import free_port, wait_until

pytestmark = pytest.mark.acceptance

NAME, STUDY, SERIES = "0010,0010", "0020,000d", "0020,000e"
OLD_PORT = free_port()
OLD = {**MODALITY, "name": "OLD", "ae_title": "OLD", "port": OLD_PORT}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node that sends OLD, which is GDCM, all objects in one transfer syntax."""
    require("gdcmscu")
    old = {**OLD, "transfer_syntaxes": [ImplicitVRLittleEndian]}
    started = Node(tmp_path_factory.mktemp("node"), aes=[MODALITY, old], analysis={"quiet_seconds": 3600}).start()
    yield started
    assert started.stop() == 0


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, node: Node) -> PhantomStudy:
    """A generated CT that gdcmscu has stored."""
    made = write_phantom(tmp_path_factory.mktemp("gdcm"), slices=12)
    gdcm_scu.store(node.dicom_port, made.files[0].parent)
    return made


def test_what_it_stores_is_kept_as_it_was_sent(node: Node, study: PhantomStudy) -> None:
    sent = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, study.files)}
    with keeping(node.data_dir) as kept:
        wait_until(lambda: sent.keys() <= {row.sop_instance_uid for row in kept.rows()}, what="all slices")
        rows = {row.sop_instance_uid: row for row in kept.rows()}
    for uid, ds in sent.items():
        assert rows[uid].is_as_indexed()
        found = pydicom.dcmread(rows[uid].path)
        assert found == ds


def test_it_finds_a_study_and_reads_its_series(node: Node, study: PhantomStudy) -> None:
    wanted = {NAME: "phantom*", STUDY: "", "0008,0061": "", "0020,1208": ""}
    (found,) = gdcm_scu.find(node.dicom_port, wanted)
    assert (found[STUDY], found[NAME]) == (study.study_instance_uid, "Phantom^Chest")
    assert (found["0008,0061"], found["0020,1208"]) == ("CT", "12")
    keys = {STUDY: study.study_instance_uid, SERIES: "", "0008,0060": "", "0020,1209": ""}
    (series,) = gdcm_scu.find(node.dicom_port, keys, level="series")
    assert (series["0008,0060"], series["0020,1209"]) == ("CT", "12")
    assert gdcm_scu.find(node.dicom_port, {NAME: "Nobody*", STUDY: ""}) == []


def test_it_finds_a_name_of_another_character_set(node: Node, tmp_path: Path) -> None:
    cyrillic = ct_image(SpecificCharacterSet="ISO_IR 144", PatientName="Любовь^Аня")
    write_file(cyrillic, tmp_path / "cyrillic.dcm")
    gdcm_scu.store(node.dicom_port, tmp_path)
    (found,) = gdcm_scu.find(node.dicom_port, {NAME: "люб*", STUDY: ""})
    assert (found[NAME], found[STUDY]) == ("Любовь^Аня", cyrillic.StudyInstanceUID)


def test_with_one_transfer_syntax_it_receives_what_it_asks_for(node: Node, study: PhantomStudy, tmp_path: Path) -> None:
    """It remembers one transfer syntax for all contexts of an association, and takes all data sets for encoded so."""
    uid = study.study_instance_uid
    files = gdcm_scu.move(node.dicom_port, uid, tmp_path / "in", ae_title="OLD", scp_port=OLD_PORT)
    received = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, files)}
    sent = {ds.SOPInstanceUID: ds for ds in map(pydicom.dcmread, study.files)}
    assert received.keys() == sent.keys()
    for sop_instance_uid, ds in received.items():
        assert ds.file_meta.TransferSyntaxUID == ImplicitVRLittleEndian
        assert ds.PixelData == sent[sop_instance_uid].PixelData
        assert ds.PatientName == sent[sop_instance_uid].PatientName
