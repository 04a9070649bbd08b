"""Images that are not of the usual kind, on the page: how they look, and what is said where they cannot be shown."""

import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from pydicom import Dataset, Sequence
from pydicom.uid import ComputedRadiographyImageStorage

from tests.acceptance.peers import browser
from tests.acceptance.peers.node import ADMIN_PASSWORD, Node
from tests.acceptance.peers.objects import ct_slice, part10
from tests.waiting import wait_until

expect.set_options(timeout=30_000)

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]

_SIZE = 256
# The values grow from left to right, through all that twelve bits can hold.
_RAMP = np.tile(np.arange(_SIZE, dtype="<u2") * 16, (_SIZE, 1))
_STEP = 10
_DARK, _BRIGHT = 80, 170


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
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    browser.log_in(opened, module_node.url)
    yield opened
    opened.close()
    assert errors == []


def _radiograph(pixels: NDArray[Any] | None = _RAMP, /, **changes: Any) -> Dataset:
    values: dict[str, Any] = {
        "SOPClassUID": ComputedRadiographyImageStorage,
        "Modality": "CR",
        "Rows": _SIZE,
        "Columns": _SIZE,
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "PixelData": None if pixels is None else pixels.tobytes(),
        # A radiograph has no place in the patient.
        **dict.fromkeys(("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "FrameOfReferenceUID")),
        **dict.fromkeys(("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept")),
    }
    return ct_slice(**{**values, **changes})


def _open(page: Page, node: Node, *images: Dataset) -> None:
    with node.client() as client:
        answer = client.post("/api/v1/uploads", files=[("files", part10(image)) for image in images])
    assert answer.json()["stored"] == len(images), answer.text
    page.goto(f"{node.url}/studies/{images[0].StudyInstanceUID}")
    expect(page.get_by_role("slider", name="Slice")).to_have_attribute("aria-valuemax", str(len(images)))


def _greys(page: Page) -> list[int]:
    """Look at three points of the image from left to right, near its lower edge."""
    canvas = page.get_by_role("region", name="Image viewer").locator("canvas").first
    picture = Image.open(io.BytesIO(canvas.screenshot())).convert("L")
    width, height = picture.size
    left = (width - height) / 2
    points = [int(left + height * place) for place in (0.1, 0.5, 0.9)]
    return [int(picture.getpixel((point, height - 60))) for point in points]  # type: ignore[arg-type]


def _grows(page: Page) -> bool:
    first, _, last = _greys(page)
    return first < _DARK and last > _BRIGHT


def _falls(page: Page) -> bool:
    first, _, last = _greys(page)
    return first > _BRIGHT and last < _DARK


@pytest.mark.parametrize("function", [None, "SIGMOID", "LINEAR_EXACT"])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_greys_come_back_when_the_view_is_reset(
    page: Page, module_node: Node, photometric: str, function: str | None
) -> None:
    """PS3.3 C.7.6.3.1.2: the smallest value is white in MONOCHROME1; C.11.2.1.3: the function is the image's own."""
    window: dict[str, Any] = {"WindowCenter": 2000, "WindowWidth": 1500, "VOILUTFunction": function}
    _open(page, module_node, _radiograph(PhotometricInterpretation=photometric, **window))
    usual, turned = (_falls, _grows) if photometric == "MONOCHROME1" else (_grows, _falls)
    region = page.get_by_role("region", name="Image viewer")
    expect(region).to_contain_text("W 1500 L 2000")
    wait_until(lambda: usual(page), what="the image as it is meant")
    shown = _greys(page)
    region.focus()
    page.keyboard.press("i")
    wait_until(lambda: turned(page), what="the inverted image")
    page.get_by_role("button", name="Reset view").click()
    wait_until(lambda: usual(page), what="the image as it is meant, again")
    assert np.abs(np.subtract(_greys(page), shown)).max() < _STEP
    expect(page.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "false")


def test_a_window_preset_leaves_the_image_inverted(page: Page, module_node: Node) -> None:
    _open(page, module_node, _radiograph(WindowCenter=2000, WindowWidth=1500))
    wait_until(lambda: _grows(page), what="the image")
    page.get_by_role("button", name="Invert").click()
    wait_until(lambda: _falls(page), what="the inverted image")
    canvas = page.get_by_role("region", name="Image viewer").locator("canvas").first
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 340, box["y"] + 305, steps=4)
    page.mouse.up()
    page.get_by_role("combobox", name="Window preset").select_option("Default")
    expect(page.get_by_role("region", name="Image viewer")).to_contain_text("W 1500 L 2000 inverted")
    wait_until(lambda: _falls(page), what="the image, still inverted")


def test_a_series_of_both_directions_of_greys(page: Page, module_node: Node) -> None:
    first = _radiograph(PhotometricInterpretation="MONOCHROME1", WindowCenter=2000, WindowWidth=1500, InstanceNumber=1)
    of_series = {name: first[name].value for name in ("StudyInstanceUID", "SeriesInstanceUID")}
    second = _radiograph(WindowCenter=2000, WindowWidth=1500, InstanceNumber=2, **of_series)
    _open(page, module_node, first, second)
    wait_until(lambda: _falls(page), what="MONOCHROME1")
    page.keyboard.press("End")
    wait_until(lambda: _grows(page), what="MONOCHROME2")
    page.keyboard.press("Home")
    wait_until(lambda: _falls(page), what="MONOCHROME1 again")


def _table(descriptor: list[int]) -> Dataset:
    table = Dataset()
    table.LUTDescriptor = descriptor
    table.LUTExplanation = "falling"
    falling = np.arange(4095, -1, -1) * (1 << descriptor[2]) // 4096
    table.add_new("LUTData", "OW", falling.astype("<u2").tobytes())
    return table


def test_tables_of_greys_are_followed(page: Page, module_node: Node) -> None:
    """PS3.3 C.11.1 and C.11.2."""
    modality = _table([4096, 0, 16])
    modality.ModalityLUTType = "US"
    for tables in ({"VOILUTSequence": Sequence([_table([4096, 0, 8])])}, {"ModalityLUTSequence": Sequence([modality])}):
        _open(page, module_node, _radiograph(**tables))
        wait_until(lambda: _falls(page), what=f"the greys of {next(iter(tables))}")


def test_overlays_in_the_bits_of_pixels_are_no_grey(page: Page, module_node: Node) -> None:
    marked = _RAMP.copy()
    marked[:20, :20] |= 0x8000
    image = _radiograph(marked)
    for element, vr, value in ((0x10, "US", _SIZE), (0x11, "US", _SIZE), (0x100, "US", 16), (0x102, "US", 15)):
        image.add_new(0x60000000 + element, vr, value)
    _open(page, module_node, image)
    wait_until(lambda: _grows(page), what="the greys of the other bits")


def test_pixels_have_the_shape_that_the_image_gives_them(page: Page, module_node: Node) -> None:
    """PS3.3 C.7.6.3.1.7: Pixel Aspect Ratio is vertical by horizontal."""
    _open(
        page,
        module_node,
        _radiograph(np.full_like(_RAMP, 3000), PixelAspectRatio=[2, 1], WindowCenter=1000, WindowWidth=500),
    )
    canvas = page.get_by_role("region", name="Image viewer").locator("canvas").first

    def shape() -> float:
        picture = np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("L"))
        bright = picture > _BRIGHT
        # Through the middle: texts stand at the edges.
        height, width = bright[:, bright.shape[1] // 2].sum(), bright[bright.shape[0] // 3].sum()
        return float(height / max(1, width))

    wait_until(lambda: 1.9 < shape() < 2.1, what="an image twice as high as wide")


def test_an_image_without_pixels_is_said_in_its_place(page: Page, module_node: Node) -> None:
    first = _radiograph(InstanceNumber=1, WindowCenter=2000, WindowWidth=1500)
    of_series = {name: first[name].value for name in ("StudyInstanceUID", "SeriesInstanceUID")}
    _open(page, module_node, first, _radiograph(None, InstanceNumber=2, **of_series))
    wait_until(lambda: _grows(page), what="the first image")
    page.keyboard.press("End")
    region = page.get_by_role("region", name="Image viewer")
    expect(region.get_by_role("alert")).to_contain_text("This image cannot be shown. The node has no pixels of it")
    # The image before must not stand for it.
    wait_until(lambda: max(_greys(page)) < _DARK, what="nothing but the message")
    page.keyboard.press("Home")
    wait_until(lambda: _grows(page), what="the first image again")
    expect(region.get_by_role("alert")).to_have_count(0)


def test_an_image_without_modality_is_shown(page: Page, module_node: Node) -> None:
    _open(page, module_node, _radiograph(Modality=None))
    wait_until(lambda: _grows(page), what="the image")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_whose_session_has_ended_logs_in_where_they_were(page: Page, context: BrowserContext) -> None:
    context.clear_cookies()
    page.get_by_role("searchbox", name="Search studies").fill("acc-1")
    expect(page.get_by_role("textbox", name="User name")).to_be_visible()
    page.get_by_role("textbox", name="User name").fill("admin")
    page.get_by_label("Password").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()
    expect(page).to_have_url(re.compile("search=acc-1"))
    expect(page.get_by_role("searchbox", name="Search studies")).to_have_value("acc-1")


def test_a_page_that_cannot_be_had_is_said_within_the_frame(page: Page, context: BrowserContext) -> None:
    context.set_offline(True)
    try:
        page.get_by_role("link", name="Schedule").click()
        expect(page.get_by_role("alert")).to_contain_text("This page could not be loaded. The node cannot be reached")
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    finally:
        context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Schedule")
