"""A PACS is queried on the page and over the API, and its studies come here by C-GET and by C-MOVE."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from isocenter.demo.phantom import PhantomStudy, write_phantom
from tests.acceptance.conftest import require
from tests.acceptance.peers import browser
from tests.acceptance.peers.dcmtk import Scu
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.orthanc import Orthanc
from tests.waiting import wait_until

expect.set_options(timeout=30_000)
pytestmark = [pytest.mark.acceptance]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    started = Node(tmp_path_factory.mktemp("node"), dicom={"unknown_callers": "store"}).start()
    yield started
    assert started.stop() == 0


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory, node: Node, chest_ct: PhantomStudy) -> Iterator[Orthanc]:
    """Orthanc with a study of 40 slices, which the node knows, and which knows the node."""
    require("Orthanc", "storescu")
    orthanc = Orthanc(tmp_path_factory.mktemp("orthanc"), node_port=node.dicom_port).start()
    with node.client() as client:
        assert client.post("/api/v1/aes", json=orthanc.as_ae(results=False)).status_code == 201
    assert Scu(orthanc.dicom_port, called="ORTHANC").store(chest_ct.files).returncode == 0
    yield orthanc
    orthanc.stop()


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    if not browser.EXECUTABLE.exists():
        pytest.skip("Debian's package chromium is not installed; `make test` installs it")
    with browser.chromium() as opened:
        opened.set_default_timeout(60_000)
        yield opened


@pytest.mark.browser
@pytest.mark.usefixtures("pacs")
def test_a_study_is_found_and_retrieved_on_the_page(
    node: Node, chest_ct: PhantomStudy, context: BrowserContext
) -> None:
    page = context.new_page()
    browser.log_in(page, node.url)
    page.get_by_role("link", name="Remote PACS").click()
    page.get_by_role("button", name="Query").click()
    expect(page.get_by_role("alert")).to_have_text("Enter a name, a patient ID, a date or an accession number.")

    page.get_by_role("textbox", name="Patient ID").fill("PHANTOM-1")
    page.get_by_role("button", name="Query").click()
    found = page.get_by_role("table", name="Studies found")
    expect(found.get_by_role("row")).to_have_count(2)
    found.get_by_role("checkbox").check()
    page.get_by_role("button", name="Retrieve").click()

    outcome = f"Complete: {len(chest_ct.files)} images"
    expect(page.get_by_role("table", name="Retrievals").get_by_text(outcome)).to_be_visible()
    page.get_by_role("table", name="Retrievals").get_by_role("link").click()
    expect(page).to_have_url(f"{node.url}/studies/{chest_ct.study_instance_uid}")
    node.wait_for_status(chest_ct.study_instance_uid, "COMPLETE")


def test_a_study_comes_by_c_move(node: Node, pacs: Orthanc, chest_ct: PhantomStudy) -> None:
    wanted = {"study_uid": chest_ct.study_instance_uid, "method": "move"}
    ended = retrieve(node, pacs, wanted)
    assert (ended["status"], ended["completed"], ended["failed"]) == ("complete", len(chest_ct.files), 0)
    node.wait_for_status(chest_ct.study_instance_uid, "COMPLETE")


def test_a_study_that_the_pacs_does_not_have_is_said(node: Node, pacs: Orthanc) -> None:
    ended = retrieve(node, pacs, {"study_uid": "1.2.3.4"})
    assert ended["status"] == "failed"
    assert ended["message"]


def test_priors_of_a_patient_are_found_by_date_and_fetched_and_analysed(
    node: Node, pacs: Orthanc, tmp_path: Path
) -> None:
    old, prior, present = (
        write_phantom(tmp_path / str(year), slices=6, patient_id="P-7", seed=year, acquired=noon(year))
        for year in (2019, 2023, 2026)
    )
    for study in (old, prior):
        assert Scu(pacs.dicom_port, called="ORTHANC").store(study.files).returncode == 0
    assert Scu(node.dicom_port).store(present.files).returncode == 0
    keys = {"PatientID": "P-7", "ModalitiesInStudy": "CT", "StudyDate": "20210301-20260228", "StudyInstanceUID": ""}
    with node.client() as client:
        asked = {"level": "STUDY", "keys": keys}
        found = client.post(f"/api/v1/aes/{pacs.ae_title}/query", json=asked).raise_for_status().json()
    assert [match["StudyInstanceUID"] for match in found["items"]] == [prior.study_instance_uid]
    ended = retrieve(node, pacs, {"study_uid": prior.study_instance_uid})
    assert (ended["status"], ended["completed"]) == ("complete", len(prior.files))
    here = node.get("/dicom-web/studies", PatientID="P-7")
    assert {study["0020000D"]["Value"][0] for study in here} == {prior.study_instance_uid, present.study_instance_uid}
    node.wait_for_status(prior.study_instance_uid, "COMPLETE")


def noon(year: int) -> datetime:
    """A moment of the first of March, in whatever time zone the scanner is."""
    return datetime(year, 3, 1, 12)  # noqa: DTZ001 - DICOM dates are local


def retrieve(node: Node, pacs: Orthanc, wanted: dict[str, Any]) -> dict[str, Any]:
    """Retrieve over the API, to the end."""
    with node.client() as client:
        started = client.post(f"/api/v1/aes/{pacs.ae_title}/retrieve", json=wanted).raise_for_status().json()
        ended: dict[str, Any] = {}

        def is_over() -> bool:
            ended.update(client.get(f"/api/v1/retrievals/{started['id']}").json())
            return ended["status"] not in ("queued", "running")

        wait_until(is_over, seconds=60, what="the end of the retrieval")
    return ended
