"""Administration in the browser: every option of a remote AE, the modality worklist, and what modalities report."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pydicom.uid import generate_uid

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers import browser
from tests.acceptance.peers.dcmtk import Scu, missing_tools
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.reporting import report_begin

expect.set_options(timeout=30_000)
pytestmark = [pytest.mark.acceptance, pytest.mark.browser]

STEP = "ScheduledProcedureStepSequence[0]"
NETWORKS = "10.1.2.0/24, 10.1.3.7"


@pytest.fixture(scope="module")
def module_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    node = Node(tmp_path_factory.mktemp("node"), aes=[MODALITY]).start()
    yield node
    assert node.stop() == 0


@pytest.fixture(scope="module")
def context(module_node: Node) -> Iterator[BrowserContext]:
    """A browser in which the administrator is logged in."""
    if not browser.EXECUTABLE.exists():
        pytest.skip("Debian's package chromium is not installed; `make test` installs it")
    with browser.chromium() as opened:
        opened.set_default_timeout(60_000)
        page = opened.new_page()
        browser.log_in(page, module_node.url)
        page.close()
        yield opened


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    opened = context.new_page()
    yield opened
    opened.close()


def test_every_option_of_an_ae_is_edited_on_the_page(page: Page, module_node: Node) -> None:
    page.goto(f"{module_node.url}/admin")
    page.get_by_role("button", name="Add AE title").click()
    dialog = page.get_by_role("dialog", name="Add AE title")
    typed = {"AE title": "CT7", "Host": "10.1.2.9", "Port": "104", "Networks it may call from": NETWORKS}
    typed |= {"Certificate": "no certificate", "User identity": "ct7", "Character set": "ISO_IR 100"}
    typed |= {"Transfer syntaxes": "1.2.840.10008.1.2.1, 1.2.840.10008.1.2"}
    for label, text in typed.items():
        dialog.get_by_label(label, exact=True).fill(text)
    for name in ("Worklist", "MPPS", "Call it over TLS", "Tell it of complete series and results"):
        dialog.get_by_role("checkbox", name=name).check()
    dialog.get_by_label("Kind of SR documents").select_option("enhanced")
    dialog.get_by_label("Storage commitment result").select_option("same")
    dialog.get_by_role("button", name="Save").click()

    # The node's own words, at the field that they are about.
    certificate = dialog.get_by_label("Certificate", exact=True)
    expect(certificate).to_have_attribute("aria-invalid", "true")
    expect(certificate).to_have_accessible_description(re.compile("SHA-256 fingerprint .64 hexadecimal digits. or a"))
    certificate.fill("CN=ct7, O=Hospital")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)

    [entry] = module_node.get("/api/v1/aes", name="CT7")["items"]
    expected = {
        "certificate": "CN=ct7, O=Hospital",
        "source_networks": ["10.1.2.0/24", "10.1.3.7/32"],
        "transfer_syntaxes": ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"],
        "allowed": ["echo", "store", "worklist", "mpps"],
        "user": "ct7",
        "charset": "ISO_IR 100",
        "sr_class": "enhanced",
        "commitment_report": "same",
        "tls": True,
        "availability": True,
    }
    assert {key: entry[key] for key in expected} == expected

    row = page.get_by_role("table", name="AE titles").get_by_role("row").filter(has_text="CT7")
    row.get_by_role("button", name="Edit").click()
    edited = page.get_by_role("dialog", name="Edit AE title")
    expect(edited.get_by_label("User identity")).to_have_value("ct7")
    edited.get_by_role("checkbox", name="Call it over TLS").uncheck()
    edited.get_by_role("button", name="Save").click()
    expect(edited).to_have_count(0)
    [after] = module_node.get("/api/v1/aes", name="CT7")["items"]
    assert after == {**entry, "tls": False}


def test_a_step_is_scheduled_told_performed_and_removed(page: Page, module_node: Node, tmp_path: Path) -> None:
    if missing_tools("findscu"):
        pytest.skip("findscu is not installed")
    page.goto(module_node.url)
    page.get_by_role("link", name="Schedule").click()
    page.get_by_role("button", name="Schedule a step").click()
    dialog = page.get_by_role("dialog", name="Schedule a step")
    dialog.get_by_role("button", name="Schedule").click()
    expect(dialog.get_by_label("Family name")).to_have_attribute("aria-invalid", "true")
    typed = {"Family name": "Müller", "Given name": "Änne", "Patient ID": "P7", "Station AE title": "CT7"}
    for label, text in (typed | {"Date": "2026-07-06", "Time": "9:30", "Accession number": "A7"}).items():
        dialog.get_by_label(label, exact=True).fill(text)
    dialog.get_by_role("button", name="Schedule").click()
    row = page.get_by_role("table", name="Scheduled steps").get_by_role("row").filter(has_text="Müller, Änne")
    expect(row).to_contain_text("scheduled")

    keys = ("PatientName", "StudyInstanceUID", f"{STEP}.ScheduledStationAETitle=CT7")
    [told] = Scu(module_node.dicom_port).find(tmp_path, *keys, f"{STEP}.ScheduledProcedureStepID", model="-W")
    assert str(told.PatientName) == "Müller^Änne"
    report_begin(module_node.dicom_port, told, generate_uid())
    expect(row).to_contain_text("in progress")
    expect(page.get_by_role("table", name="Performed procedure steps")).to_contain_text(told.StudyInstanceUID)

    row.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove step").click()
    expect(row).to_have_count(0)
    assert Scu(module_node.dicom_port).find(tmp_path, *keys, model="-W") == []


def test_who_may_not_schedule_sees_the_schedule_and_no_buttons(context: BrowserContext, module_node: Node) -> None:
    person = {"username": "reader", "password": "a-good-password-1", "name": "R", "role": "clinician"}
    with module_node.client() as client:
        assert client.post("/api/v1/users", json=person).status_code == 201
    context.clear_cookies()
    page = context.new_page()
    browser.log_in(page, f"{module_node.url}/schedule", username="reader", password=person["password"])
    expect(page.get_by_role("table", name="Scheduled steps")).to_be_visible()
    expect(page.get_by_role("button", name="Schedule a step")).to_have_count(0)
    page.close()
