"""The prebuilt OHIF viewer lists the node's studies and opens a CT."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from isocenter.demo.phantom import PhantomStudy
from tests.acceptance.peers import browser
from tests.acceptance.peers.dcmtk import Scu
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.ohif import Ohif, fetch
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.browser, pytest.mark.timeout(240)]

_CACHE = Path(__file__).parents[2] / ".make" / "ohif"


@pytest.fixture
def ohif(module_node: Node) -> Iterator[Ohif]:
    if not browser.EXECUTABLE.exists():
        pytest.skip("Debian's package chromium is not installed; `make test` installs it")
    served = Ohif(fetch(_CACHE), module_node.url).start()
    yield served
    served.stop()


def test_ohif_lists_the_study_and_opens_it(
    ohif: Ohif, module_node: Node, modality: Scu, chest_ct: PhantomStudy, tmp_path: Path
) -> None:
    assert modality.store(chest_ct.files).returncode == 0
    module_node.wait_for_status(chest_ct.study_instance_uid, "COMPLETE")
    with browser.chromium() as context:
        page = context.new_page()
        page.goto(ohif.url)
        expect(page.get_by_text("Phantom", exact=False).first).to_be_visible(timeout=60_000)
        page.goto(f"{ohif.url}/viewer?StudyInstanceUIDs={chest_ct.study_instance_uid}")
        expect(page.locator("canvas").first).to_be_visible(timeout=90_000)

        def spread() -> float:
            path = tmp_path / "ohif.png"
            page.locator("canvas").first.screenshot(path=path)
            return float(np.asarray(Image.open(path).convert("L")).std())

        wait_until(lambda: spread() > 20, seconds=60, what="an image with contrast in OHIF")
    refused = [(path, status) for path, status in ohif.requests if status >= 400]
    assert refused == []
    assert any("/frames/" in path for path, _ in ohif.requests)
