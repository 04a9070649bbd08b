"""The web page in a real browser, found by role and accessible name."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from isocenter.demo.phantom import PhantomStudy, write_phantom
from tests.acceptance.peers import browser
from tests.acceptance.peers.dcmtk import Scu
from tests.acceptance.peers.node import ADMIN_PASSWORD, Node
from tests.acceptance.peers.objects import ct_slice, encoded, part10
from tests.acceptance.peers.raw import RawScu

expect.set_options(timeout=30_000)

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]

AXE = Path(__file__).parents[2] / "viewer" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    if not browser.EXECUTABLE.exists():
        pytest.skip("Debian's package chromium is not installed; `make test` installs it")
    with browser.chromium() as opened:
        opened.set_default_timeout(60_000)
        yield opened


@pytest.fixture
def page(context: BrowserContext, module_node: Node) -> Iterator[Page]:
    """A page of the worklist, logged in; errors of the page fail the test."""
    context.clear_cookies()
    opened = context.new_page()
    opened.set_viewport_size(browser.DESKTOP)  # type: ignore[arg-type]
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    browser.log_in(opened, module_node.url)
    yield opened
    opened.close()
    assert errors == []


@pytest.fixture(scope="module")
def study(module_node: Node, modality: Scu, chest_ct: PhantomStudy) -> PhantomStudy:
    assert modality.store(chest_ct.files).returncode == 0
    module_node.wait_for_status(chest_ct.study_instance_uid, "COMPLETE")
    return chest_ct


def _open_study(page: Page, node: Node, study: PhantomStudy) -> None:
    page.goto(f"{node.url}/studies/{study.study_instance_uid}")
    expect(page.get_by_role("slider", name="Slice")).to_have_attribute("aria-valuemax", str(len(study.files)))


def _serious(page: Page) -> list[str]:
    # Evaluated through the debugging protocol: the page's policy rightly refuses an injected script.
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run()).violations.map(v => [v.id, v.impact])")
    return [name for name, impact in found if impact in {"serious", "critical"}]


def test_a_wrong_password_is_said_plainly(context: BrowserContext, module_node: Node) -> None:
    context.clear_cookies()
    page = context.new_page()
    page.goto(f"{module_node.url}/activity")
    page.get_by_role("textbox", name="User name").fill("admin")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("User name or password is wrong")
    page.get_by_label("Password").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{module_node.url}/activity")
    expect(page).to_have_title(re.compile("Isocenter$"))
    page.close()


def test_a_study_appears_and_completes_without_a_reload(
    page: Page, module_node: Node, tmp_path: Path, modality: Scu
) -> None:
    fresh = write_phantom(tmp_path / "fresh", slices=40, patient_id="LIVE-1", seed=7)
    table = page.get_by_role("table", name="Studies")
    row = table.get_by_role("row").filter(has_text="LIVE-1")
    expect(row).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    assert modality.store(fresh.files).returncode == 0
    expect(row).to_contain_text(re.compile("RECEIVING|PENDING|ANALYZING"))
    expect(row).to_contain_text("COMPLETE", timeout=40_000)
    assert module_node.study_status(fresh.study_instance_uid) == "COMPLETE"


def test_the_worklist_filters_while_typing(page: Page, study: PhantomStudy) -> None:
    table = page.get_by_role("table", name="Studies")
    expect(table.get_by_role("columnheader")).to_contain_text(
        ["Patient", "Patient ID", "Study date", "Modality", "Description", "Images", "Status"]
    )
    page.get_by_role("searchbox", name="Search studies").fill("no such patient anywhere")
    expect(page.get_by_text(re.compile("^No studies"))).to_be_visible()
    page.get_by_role("searchbox", name="Search studies").fill("")
    page.get_by_role("combobox", name="Modality filter").select_option("CT")
    expect(table.get_by_role("row").nth(1)).to_contain_text("CT")
    assert study


def test_the_image_stack_scrolls_and_windows(page: Page, module_node: Node, study: PhantomStudy) -> None:
    _open_study(page, module_node, study)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    region, slider = page.get_by_role("region", name="Image viewer"), page.get_by_role("slider", name="Slice")
    expect(region.locator("canvas").first).to_be_visible()
    region.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "1")
    page.keyboard.press("ArrowDown")
    expect(slider).to_have_attribute("aria-valuenow", "2")
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuenow", str(len(study.files)))
    page.get_by_role("combobox", name="Window preset").select_option("Bone")
    expect(region).to_contain_text(re.compile(r"W\D*\d+"))
    for name in ("Window/level", "Pan", "Zoom", "Length", "Reset view"):
        expect(page.get_by_role("toolbar", name="Tools").get_by_role("button", name=name)).to_be_visible()


def test_the_canvas_shows_the_image(page: Page, module_node: Node, study: PhantomStudy, tmp_path: Path) -> None:
    import numpy as np  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    _open_study(page, module_node, study)

    def spread() -> float:
        path = tmp_path / "canvas.png"
        page.get_by_role("region", name="Image viewer").screenshot(path=path)
        return float(np.asarray(Image.open(path).convert("L")).std())

    from tests.waiting import wait_until  # noqa: PLC0415

    wait_until(lambda: spread() > 25, what="an image with contrast on the canvas")


def test_a_finding_leads_to_its_slice_and_region(page: Page, module_node: Node, study: PhantomStudy) -> None:
    _open_study(page, module_node, study)
    results = page.get_by_role("region", name="AI results")
    findings = results.get_by_role("list", name="Findings").get_by_role("button")
    expect(findings.first).to_be_visible()
    expect(results).to_contain_text("PRELIMINARY")
    expect(results).to_contain_text("Not for clinical use")
    findings.first.click()
    expect(page.get_by_role("checkbox", name="Show overlay")).to_be_checked()
    page.get_by_role("button", name="Show report").first.click()
    tree = page.get_by_role("tree", name="Structured report")
    expect(tree.get_by_role("treeitem").first).to_contain_text("Imaging Measurement Report")
    expect(results.get_by_role("list", name="Jobs").get_by_role("listitem").first).to_be_visible()


def test_a_result_is_accepted_by_a_person(page: Page, module_node: Node, study: PhantomStudy) -> None:
    _open_study(page, module_node, study)
    results = page.get_by_role("region", name="AI results")
    results.get_by_role("button", name="Accept result").first.click()
    expect(results).to_contain_text("Accepted")
    accepted = module_node.get("/api/v1/results", study_uid=study.study_instance_uid, state="accepted")["items"]
    assert len(accepted) == 1
    assert accepted[0]["predecessor_uid"]


def test_upload_tells_what_was_stored_and_what_refused(page: Page, module_node: Node, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.dcm", tmp_path / "bad.dcm"
    good.write_bytes(part10(ct_slice(PatientID="UPLOAD-1")))
    bad.write_bytes(b"this is not DICOM")
    page.goto(f"{module_node.url}/upload")
    page.get_by_label("Choose files").set_input_files([good, bad])
    expect(page.get_by_role("status").filter(has_text="Upload complete: 1 stored, 1 refused")).to_be_visible()
    expect(page.get_by_role("list", name="Refused files").get_by_role("listitem")).to_contain_text("bad.dcm")


def test_a_rejected_association_is_allowed_with_one_click(page: Page, module_node: Node) -> None:
    page.goto(f"{module_node.url}/admin")
    with RawScu(module_node.dicom_port, calling=b"NEWSCANNER") as scu:
        assert scu.rejection == (1, 1, 3)
    row = page.get_by_role("table", name="Rejected associations").get_by_role("row").filter(has_text="NEWSCANNER")
    row.get_by_role("button", name="Allow").first.click()
    dialog = page.get_by_role("dialog", name="Add AE title")
    expect(dialog.get_by_label("AE title", exact=True)).to_have_value("NEWSCANNER")
    dialog.get_by_label("Port").fill("11199")
    dialog.get_by_role("button", name="Save").click()
    entry = page.get_by_role("table", name="AE titles").get_by_role("row").filter(has_text="NEWSCANNER")
    expect(entry).to_be_visible()
    entry.get_by_role("button", name="C-ECHO").click()
    expect(page.get_by_role("status").filter(has_text="C-ECHO failed")).to_be_visible()
    with RawScu(module_node.dicom_port, calling=b"NEWSCANNER") as scu:
        assert scu.rejection is None


@pytest.mark.filterwarnings("ignore:The number of PN components")
def test_b47_text_from_dicom_is_only_ever_text(page: Page, module_node: Node) -> None:
    evil = "<img src=x onerror=document.title='owned'>"
    ds = ct_slice(PatientName=evil, PatientID="EVIL-1", StudyDescription="=cmd()|'x'")
    with RawScu(module_node.dicom_port) as scu:
        assert scu.store(encoded(ds), sop_instance=ds.SOPInstanceUID.encode()) == 0
    row = page.get_by_role("table", name="Studies").get_by_role("row").filter(has_text="EVIL-1")
    expect(row).to_contain_text("<img src=x")
    page.goto(f"{module_node.url}/studies/{ds.StudyInstanceUID}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x")
    expect(page).to_have_title(re.compile("Isocenter$"))


@pytest.mark.parametrize("path", ["/", "/upload", "/schedule", "/admin", "/activity"])
def test_axe_finds_nothing_serious(page: Page, module_node: Node, path: str) -> None:
    page.goto(f"{module_node.url}{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("main")).to_have_count(1)
    assert _serious(page) == []


def test_axe_finds_nothing_serious_on_a_study(page: Page, module_node: Node, study: PhantomStudy) -> None:
    _open_study(page, module_node, study)
    expect(page.get_by_role("list", name="Findings").get_by_role("button").first).to_be_visible()
    assert _serious(page) == []


@pytest.mark.parametrize("path", ["/", "/upload", "/schedule", "/admin", "/activity"])
def test_a_phone_needs_no_sideways_scrolling(page: Page, module_node: Node, path: str) -> None:
    page.set_viewport_size(browser.PHONE)  # type: ignore[arg-type]
    page.goto(f"{module_node.url}{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= browser.PHONE["width"]
