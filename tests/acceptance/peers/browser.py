"""Debian's Chromium, headless, driven by Playwright."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.acceptance.peers.node import ADMIN_PASSWORD

EXECUTABLE = Path("/usr/bin/chromium")
_ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@contextmanager
def chromium() -> Iterator[BrowserContext]:
    """Open a browser with an empty profile."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=str(EXECUTABLE),
            headless=True,
            args=_ARGUMENTS,
            viewport=DESKTOP,  # type: ignore[arg-type]
            locale="en-GB",
        )
        yield context
        context.close()


def log_in(page: Page, url: str, *, username: str = "admin", password: str = ADMIN_PASSWORD) -> None:
    """Open `url` and log in on the page that comes instead."""
    page.goto(url)
    page.get_by_role("textbox", name="User name").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("navigation", name="Main").wait_for()
