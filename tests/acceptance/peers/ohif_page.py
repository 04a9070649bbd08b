"""What a person does with OHIF, and what is then to be seen."""

import io
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.waiting import wait_until

_GREY = 12
_ONE_TRY_MS = 25_000


class OhifPage:
    """A page of OHIF.

    Parameters
    ----------
    page
        Of the browser.
    url
        Where OHIF is served.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url

    def list_studies(self) -> None:
        """Open the list of studies."""
        self.page.goto(self._url)

    def open_study(self, study_uid: str) -> None:
        """Open a study in the basic viewer, and wait until its series are listed."""
        self.page.goto(f"{self._url}/viewer?StudyInstanceUIDs={study_uid}")
        expect(self._series.first).to_be_visible()

    def open_series(self, modality: str, description: str, until: Locator) -> None:
        """Put a series without a picture of its own into the viewport.

        Opened while it still lays out the study, OHIF shows an empty viewport; a person opens it once more.

        Parameters
        ----------
        modality, description
            Of the series.
        until
            What is to be seen of it.
        """
        row = self._part("study-browser-thumbnail-no-image").filter(has_text=modality).filter(has_text=description)

        def seen() -> bool:
            row.dblclick()
            try:
                until.wait_for(timeout=_ONE_TRY_MS)
            except PlaywrightTimeout:
                return False
            return True

        wait_until(seen, seconds=150, what=f"{until} of {modality} {description!r}")

    def open_measurements(self, description: str, text: str) -> None:
        """Open a report, and wait for a text of its measurements on the image."""
        self.open_series("SR", description, until=self.page.get_by_text(text))

    def open_segmentation(self, description: str) -> None:
        """Open a segmentation, let it be loaded, and open the panel of its segments."""
        accept = self.page.get_by_role("button", name="Yes", exact=True)
        self.open_series("SEG", description, until=accept)
        accept.click()
        self._part("panelSegmentation-btn").click()

    @property
    def segments(self) -> list[str]:
        """The names of the segments in the panel."""
        return self._part("data-row-title").all_inner_texts()

    @property
    def viewport(self) -> Locator:
        return self._part("viewport-pane").first

    def pixels(self) -> "np.ndarray[Any, np.dtype[np.int64]]":
        """Take a picture of the viewport, (rows, columns, 3), without the texts at its edges."""
        with Image.open(io.BytesIO(self.viewport.screenshot())) as picture:
            seen = np.asarray(picture.convert("RGB"), dtype=np.int64)
        rows, columns = seen.shape[:2]
        return seen[rows // 8 : -rows // 8, columns // 8 : -columns // 8]

    def wait_for_image(self) -> None:
        """Wait until the viewport shows something with contrast."""
        expect(self.page.locator("canvas").first).to_be_visible()
        wait_until(lambda: self.pixels().std() > 20, seconds=60, what="an image with contrast in OHIF")

    def coloured(self) -> int:
        """Count the pixels of the viewport that are not grey."""
        seen = self.pixels()
        return int((seen.max(axis=2) - seen.min(axis=2) > _GREY).sum())

    @property
    def _series(self) -> Locator:
        return self._part("study-browser-thumbnail").or_(self._part("study-browser-thumbnail-no-image"))

    def _part(self, name: str) -> Locator:
        """Find a part of the page by the name that OHIF gives it for tests."""
        return self.page.locator(f'[data-cy="{name}"]')
