"""Seconds from the last C-STORE response to the delivered SR, and to the first image in the viewer.

    python -m tests.benchmarks.turnaround

Quiet time and mock delay are what the hospital chooses to wait; they are taken off.
"""

import argparse
import re
import statistics
import tempfile
import time
from pathlib import Path

from isocenter.demo.phantom import PhantomStudy, write_phantom
from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers import browser
from tests.acceptance.peers.dcmtk import Scu, StoreScp
from tests.acceptance.peers.node import Node
from tests.benchmarks import report
from tests.waiting import wait_until

QUIET_SECONDS = 2.0
_NOTE_FIRST_IMAGE = """
window.firstImage = new Promise((seen) => document.addEventListener(
  "CORNERSTONE_IMAGE_RENDERED", () => requestAnimationFrame(() => setTimeout(() => seen(performance.now()))), true,
));
"""


def _seconds_to_report(node: Node, pacs: StoreScp, study: PhantomStudy) -> tuple[float, float]:
    """Return the seconds to the first and to the last SR at the PACS."""
    already = len(list(pacs.folder.iterdir()))
    sent = Scu(node.dicom_port).store(study.files)
    last_response = time.monotonic()
    if sent.returncode:
        raise SystemExit(sent.stderr)
    wait_until(lambda: len(list(pacs.folder.iterdir())) > already, seconds=60, what="the first result at the PACS")
    first = time.monotonic() - last_response - QUIET_SECONDS
    node.wait_for_status(study.study_instance_uid, "COMPLETE")
    expected = len(node.get("/api/v1/results", study_uid=study.study_instance_uid)["items"])
    wait_until(lambda: len(list(pacs.folder.iterdir())) == already + expected, what="every result at the PACS")
    return first, time.monotonic() - last_response - QUIET_SECONDS


def _seconds_to_first_image(node: Node, study: PhantomStudy) -> float:
    """Return the seconds from the navigation to the frame in which the first image is seen, by the page's own clock."""
    with browser.chromium() as context:
        page = context.new_page()
        page.add_init_script(_NOTE_FIRST_IMAGE)
        browser.log_in(page, node.url)
        page.goto(f"{node.url}/studies/{study.study_instance_uid}")
        # Not looked for again and again: that takes time on the thread that draws.
        milliseconds = page.evaluate("window.firstImage")
        viewer = page.get_by_role("region", name="Image viewer")
        viewer.get_by_text(re.compile(r"^W \d")).wait_for()
        viewer.get_by_text("Loading image").wait_for(state="hidden")
        return float(milliseconds) / 1000


def main() -> None:
    """Measure, print, and write the figures into the benchmark page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pacs = StoreScp(folder / "pacs", "PACS1").start()
        aes = [MODALITY, pacs.as_ae(results=True)]
        node = Node(folder / "node", aes=aes, analysis={"quiet_seconds": QUIET_SECONDS}).start()
        try:
            studies = [
                write_phantom(folder / f"ct{n}", slices=120, seed=100 + n, patient_id=f"P{n}") for n in range(rounds)
            ]
            reports = [_seconds_to_report(node, pacs, study) for study in studies]
            images = [_seconds_to_first_image(node, study) for study in studies]
        finally:
            node.stop()
            pacs.stop()
    rows = [
        ("last C-STORE to the first result at the PACS", f"{statistics.median(r[0] for r in reports):.2f} s"),
        ("last C-STORE to every result at the PACS", f"{statistics.median(r[1] for r in reports):.2f} s"),
        (
            "opening a study to its first image on screen (Chromium, software WebGL)",
            f"{statistics.median(images):.2f} s",
        ),
    ]
    report.write("turnaround", report.table(("120 CT slices of 512×512", f"median of {rounds}"), rows))


if __name__ == "__main__":
    main()
