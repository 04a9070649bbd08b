"""A disk that fills up, a database that goes away: on the page, in the log and in readiness, until it is over."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers import browser
from tests.acceptance.peers.node import Node
from tests.acceptance.peers.objects import ct_slice, encoded
from tests.acceptance.peers.raw import RawScu
from tests.postgres import Server
from tests.waiting import wait_until

expect.set_options(timeout=30_000)

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]

MB = 1_000_000
# Of 24 MiB.
RESERVED, WARNING = 4 * MB, 14 * MB
OUT_OF_RESOURCES = 0xA700
# Longer than the page waits until it asks again.
LATER_MS = 31_000


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    if not browser.EXECUTABLE.exists():
        pytest.skip("Debian's package chromium is not installed; `make test` installs it")
    with browser.chromium() as opened:
        opened.set_default_timeout(60_000)
        yield opened


def logged_in(context: BrowserContext, node: Node) -> Page:
    """Return the page of a logged-in user, whose time the test moves on."""
    page = context.new_page()
    page.clock.install()
    browser.log_in(page, node.url)
    return page


def test_a_disk_that_fills_up_warns_then_refuses_then_recovers(
    start_node: Callable[..., Node], small_disk: Path, context: BrowserContext
) -> None:
    storage = {"url": f"file://{small_disk}", "reserved_bytes": RESERVED, "warning_bytes": WARNING}
    node = start_node(aes=[MODALITY], storage=storage, analysis={"quiet_seconds": 3600})
    page = logged_in(context, node)
    low, full = page.get_by_text("Storage is nearly full:"), page.get_by_text("Storage is full:")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    expect(low).to_have_count(0)

    fill(small_disk, 14 * MB)
    page.clock.run_for(LATER_MS)
    expect(low).to_have_text(f"Storage is nearly full: {free(node)} MB left. New images are refused below 4 MB.")
    assert readiness(node) == {"status": "ready", "warnings": {"storage": "low"}}
    assert store(node) == 0

    fill(small_disk, 23 * MB)
    page.clock.run_for(LATER_MS)
    expect(page.get_by_role("alert").filter(has_text="New images are refused below 4 MB.")).to_be_visible()
    expect(full).to_be_visible()
    expect(low).to_have_count(0)
    wait_until(lambda: store(node) == OUT_OF_RESOURCES, what="a refusal")
    assert readiness(node) == {"status": "degraded", "warnings": {"storage": "refusing"}}

    wait_until(lambda: events(node)[-1:] == ["storage_refusing"], what="the line of the log")
    (small_disk / "filler").unlink()
    page.clock.run_for(LATER_MS)
    expect(full).to_have_count(0)
    expect(low).to_have_count(0)
    wait_until(lambda: store(node) == 0, what="a stored instance")
    wait_until(lambda: events(node)[-1:] == ["storage_recovered"], what="the line of the log")
    assert len(events(node)) <= len(["storage_low", "storage_refusing", "storage_recovered"])


def test_a_database_that_goes_away_is_on_the_page_until_it_is_back(
    postgres_server: Server, postgres_url: str, start_node: Callable[..., Node], context: BrowserContext
) -> None:
    node = start_node(aes=[MODALITY], database={"url": postgres_url})
    page = logged_in(context, node)
    notice = page.get_by_role("alert").filter(has_text="The database is not reachable. New images are refused")
    expect(notice).to_have_count(0)
    postgres_server.stop()
    try:
        wait_until(lambda: not is_ready(node), what="a node that is not ready")
        page.clock.run_for(LATER_MS)
        expect(notice).to_be_visible()
    finally:
        postgres_server.start()
    wait_until(lambda: is_ready(node), what="a node that is ready again")
    page.clock.run_for(LATER_MS)
    expect(notice).to_have_count(0)


def fill(disk: Path, size: int) -> None:
    subprocess.run(["fallocate", "-l", str(size), str(disk / "filler")], check=True)


def free(node: Node) -> str:
    """Return the free space in MB with three digits, as the page writes it."""
    return f"{node.get('/api/v1/storage')['free_bytes'] / MB:.3g}"


def store(node: Node) -> int:
    ds = ct_slice()
    with RawScu(node.dicom_port) as scu:
        return scu.store(encoded(ds), sop_instance=ds.SOPInstanceUID.encode())


def readiness(node: Node) -> object:
    with node.client() as client:
        return client.get("/readyz").json()


def is_ready(node: Node) -> bool:
    with node.client() as client:
        return client.get("/readyz").is_success


def events(node: Node) -> list[str]:
    """Return what the log says of the storage."""
    lines = [json.loads(line) for line in node.log.splitlines() if line.startswith("{")]
    return [line["event"] for line in lines if line["event"].startswith("storage_")]
