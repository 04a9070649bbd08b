"""The prebuilt OHIF viewer lists the node's studies and shows what is in them."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.sync_api import BrowserContext, expect

from isocenter.demo.phantom import PhantomStudy, write_phantom
from tests.acceptance.peers import browser, viewed
from tests.acceptance.peers.dcmtk import Scu
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.ohif import Ohif, fetch
from tests.acceptance.peers.ohif_page import OhifPage
from tests.acceptance.peers.viewed import Viewed
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.browser, pytest.mark.timeout(240)]

_CACHE = Path(__file__).parents[2] / ".make" / "ohif"
_PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def ohif(module_node: Node) -> Iterator[Ohif]:
    served = Ohif(fetch(_CACHE), module_node.url).start()
    yield served
    served.stop()


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    if not browser.EXECUTABLE.exists():
        pytest.skip("Debian's package chromium is not installed; `make test` installs it")
    with browser.chromium() as opened:
        opened.set_default_timeout(_PATIENCE_MS)
        # Its tour would lie over everything at the first visit.
        opened.add_init_script("localStorage?.setItem('shownTours', '[\"basicViewerTour\"]')")
        yield opened


@pytest.fixture
def page(context: BrowserContext, ohif: Ohif) -> Iterator[OhifPage]:
    """A page of OHIF; errors of the page and refused requests fail the test."""
    opened = context.new_page()
    # Small, since the browser draws without a graphics card.
    opened.set_viewport_size({"width": 1000, "height": 640})
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    ohif.requests.clear()
    yield OhifPage(opened, ohif.url)
    opened.close()
    assert errors == []
    assert [(path, status) for path, status in ohif.requests if status >= httpx.codes.BAD_REQUEST] == []


@pytest.fixture(scope="module")
def ct(module_node: Node, modality: Scu, tmp_path_factory: pytest.TempPathFactory) -> PhantomStudy:
    """A CT of few and small slices, with its results."""
    study = write_phantom(tmp_path_factory.mktemp("ct"), slices=24, size=256)
    assert modality.store(study.files).returncode == 0
    module_node.wait_for_status(study.study_instance_uid, "COMPLETE")
    return study


@pytest.fixture(scope="module")
def ultrasound(module_node: Node) -> Viewed:
    """A multi-frame US in JPEG, with its results."""
    loop = _stored(module_node, viewed.packaged("examples_ybr_color.dcm"))
    module_node.wait_for_status(loop.study_uid, "COMPLETE")
    return loop


def _stored(node: Node, study: Viewed) -> Viewed:
    body = b"--x\r\nContent-Type: application/dicom\r\n\r\n" + study.content + b"\r\n--x--\r\n"
    headers = {
        "Content-Type": 'multipart/related; type="application/dicom"; boundary=x',
        "Accept": "application/dicom+json",
    }
    with node.client() as client:
        answer = client.post("/dicom-web/studies", content=body, headers=headers)
    assert answer.status_code == httpx.codes.OK, answer.text
    return study


def test_ohif_lists_the_study_and_opens_it(page: OhifPage, ohif: Ohif, ct: PhantomStudy) -> None:
    page.list_studies()
    expect(page.page.get_by_text("Phantom", exact=False).first).to_be_visible(timeout=_PATIENCE_MS)
    page.open_study(ct.study_instance_uid)
    page.wait_for_image()
    assert any("/frames/" in path for path, _ in ohif.requests)


def test_an_mr_is_shown(page: OhifPage, module_node: Node) -> None:
    page.open_study(_stored(module_node, viewed.packaged("MR_small.dcm")).study_uid)
    page.wait_for_image()


def test_a_radiograph_is_shown_with_its_low_values_bright(page: OhifPage, module_node: Node) -> None:
    page.open_study(_stored(module_node, viewed.radiograph()).study_uid)
    page.wait_for_image()
    seen = page.pixels()
    row = seen[seen.shape[0] // 2].mean(axis=1)
    lung, mediastinum = row.max(), row[len(row) // 2]
    assert lung > mediastinum + 100


def test_an_ultrasound_loop_is_shown_frame_by_frame(page: OhifPage, ultrasound: Viewed) -> None:
    page.open_study(ultrasound.study_uid)
    page.wait_for_image()
    expect(page.page.get_by_text("(1/30)")).to_be_visible()
    first = page.pixels()
    page.viewport.hover()
    page.page.mouse.wheel(0, 100)
    expect(page.page.get_by_text("(2/30)")).to_be_visible()
    wait_until(lambda: bool(np.abs(page.pixels() - first).max() > 20), seconds=30, what="another frame")


def test_a_result_is_drawn_with_its_measurements_on_its_frame(page: OhifPage, ultrasound: Viewed) -> None:
    page.open_study(ultrasound.study_uid)
    # What is opened while OHIF still lays out the study may stay black.
    page.wait_for_image()
    page.open_measurements("mock-us-thyroid", "Certainty of Finding: ")
    expect(page.page.get_by_text("Diameter: ")).to_be_visible()
    page.wait_for_image()


def test_a_report_of_another_system_is_shown_as_text(page: OhifPage, module_node: Node) -> None:
    page.open_study(_stored(module_node, viewed.packaged("reportsi.dcm")).study_uid)
    for text in ("Document Title", "Recording Observer's Name:", "Report Text:"):
        expect(page.viewport.get_by_text(text).first).to_be_visible(timeout=_PATIENCE_MS)


def test_a_measurement_of_another_system_is_drawn_on_its_image(
    page: OhifPage, module_node: Node, shared_data: Path
) -> None:
    _stored(module_node, viewed.packaged("CT_small.dcm"))
    report = _stored(module_node, viewed.from_file(shared_data / "sr" / "sr_document.dcm"))
    page.open_study(report.study_uid)
    page.wait_for_image()
    page.open_measurements("Measurement Reports", "Area of defined region: 1.70 cm2")
    page.wait_for_image()


def test_a_segmentation_is_drawn_over_its_images_and_its_segments_are_named(
    page: OhifPage, module_node: Node, ct: PhantomStudy
) -> None:
    page.open_study(ct.study_instance_uid)
    page.wait_for_image()
    assert page.coloured() == 0
    page.open_segmentation("AI ct-lung-densitometry")
    labels = _segment_labels(module_node, ct.study_instance_uid, "AI ct-lung-densitometry")
    wait_until(lambda: page.segments == labels, seconds=60, what=f"the segments {labels}")
    wait_until(lambda: page.coloured() > 1000, seconds=60, what="the segments' colours over the image")


def _segment_labels(node: Node, study_uid: str, description: str) -> list[str]:
    query = {"StudyInstanceUID": study_uid, "Modality": "SEG", "SeriesDescription": f"{description}*"}
    [series] = node.get("/dicom-web/series", **query)
    [segmentation] = node.get(f"/dicom-web/studies/{study_uid}/series/{series['0020000E']['Value'][0]}/metadata")
    return [segment["00620005"]["Value"][0] for segment in segmentation["00620002"]["Value"]]


def test_a_document_is_shown(page: OhifPage, ohif: Ohif, module_node: Node) -> None:
    page.open_study(_stored(module_node, viewed.document()).study_uid)
    # The rectangle on its page; Chromium shows the text where nobody can ask for it.
    wait_until(lambda: _red(page) > 10_000, seconds=60, what="the page of the document")
    assert any("/bulkdata/" in path for path, _ in ohif.requests)


def _red(page: OhifPage) -> int:
    seen = page.pixels()
    return int(((seen[..., 0] > 150) & (seen[..., 1:].max(axis=2) < 80)).sum())
