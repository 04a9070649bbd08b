"""A PACS is queried on the page and over the API, and its studies come here by C-GET and by C-MOVE."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from isocenter.demo.phantom import PhantomStudy
from tests.acceptance.peers import browser
from tests.acceptance.peers.dcmtk import Scu
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.orthanc import Orthanc
from tests.waiting import wait_until

expect.set_options(timeout=30_000)
pytestmark = [pytest.mark.acceptance]


@pytest.fixture
def node(start_node: Callable[..., Node]) -> Node:
    return start_node()


@pytest.fixture
def pacs(node: Node, start_orthanc: Callable[[int], Orthanc], chest_ct: PhantomStudy) -> Orthanc:
    """Orthanc with a study of 40 slices, which the node knows, and which knows the node."""
    orthanc = start_orthanc(node.dicom_port)
    with node.client() as client:
        assert client.post("/api/v1/aes", json=orthanc.as_ae(results=False)).status_code == 201
    assert Scu(orthanc.dicom_port, called="ORTHANC").store(chest_ct.files).returncode == 0
    return orthanc


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
