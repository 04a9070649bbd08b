"""The play in its order: PACS, node, study, report, then serving until Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

from rich.console import Console
from rich.progress import track

from isocenter.children import SUPERVISOR_VARIABLE
from isocenter.demo.modality import SLICES, TITLE, Modality
from isocenter.demo.node import USERNAME, DemoFailed, DemoNode
from isocenter.demo.timeline import Timeline
from routing.peers import Peer

_POLL_SECONDS = 0.1
_REPORT_SECONDS = 90.0
_SR_CLASSES = "1.2.840.10008.5.1.4.1.1.88."


class SimulatedPacs:
    """The PACS process, and what it said it stored."""

    def __init__(self, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (folder.parent / "pacs.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "isocenter.demo.pacs", str(folder)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                env={**os.environ, SUPERVISOR_VARIABLE: str(os.getpid())},
            )
        self.port = int(self._next_line().split()[1])
        self.reports: list[str] = []
        self.has_report = Event()
        Thread(target=self._listen, name="pacs", daemon=True).start()

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait()

    def _next_line(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise DemoFailed("the simulated PACS did not start")
        return line

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            _, sop_class_uid, sop_instance_uid = line.split()
            if sop_class_uid.startswith(_SR_CLASSES):
                self.reports.append(sop_instance_uid)
                self.has_report.set()


class Demo:
    """Plays once.

    Parameters
    ----------
    folder
        Where everything is kept; a second run goes on with it.
    console
        Where the audience looks.
    """

    def __init__(self, folder: Path, console: Console) -> None:
        self._folder = folder
        self._console = console

    def run(self) -> None:
        """Play, then serve until Ctrl-C."""
        with self._pacs() as pacs, self._node(pacs) as node:
            modality = Modality(self._folder / "modality")
            # The scanner works while the node starts.
            self._scan(modality)
            with self._console.status("Starting the node…"):
                self._say(node.wait())
            peer = _peer(node)
            begun = self._send(modality, peer)
            self._follow(node, pacs, modality.study_uid, begun)
            self._query(modality, peer)
            self._say(f"viewer {node.url}/", f"user {USERNAME}", f"password {node.password}")
            self._console.print("Serving until Ctrl-C.", style="dim")
            while node.is_running():
                time.sleep(1)
            raise DemoFailed(f"the node ended: {node.last_words()}")

    @contextmanager
    def _pacs(self) -> Iterator[SimulatedPacs]:
        pacs = SimulatedPacs(self._folder / "pacs")
        try:
            yield pacs
        finally:
            pacs.stop()

    @contextmanager
    def _node(self, pacs: SimulatedPacs) -> Iterator[DemoNode]:
        node = DemoNode(self._folder, pacs_port=pacs.port)
        try:
            node.start()
            yield node
        finally:
            code = node.stop()
            if code not in (0, 2):
                raise DemoFailed(f"the node ended with exit code {code}: {node.last_words()}")

    def _scan(self, modality: Modality) -> None:
        for _ in track(modality.scan(), "Scanning a chest phantom", total=SLICES, console=self._console):
            pass

    def _send(self, modality: Modality, node: Peer) -> datetime:
        """Send the study; returns when the first image went out."""
        self._say(f"study {modality.study_uid}")
        begun = datetime.now(UTC)
        for outcome in track(modality.send(node), "Sending by C-STORE", total=SLICES, console=self._console):
            if not outcome.stored:
                raise DemoFailed(f"an image was not stored: {outcome.reason}")
        seconds = (datetime.now(UTC) - begun).total_seconds()
        self._console.print(f"{seconds:7.2f} s  stored: {SLICES} images, {SLICES / seconds:.0f} a second")
        return begun

    def _follow(self, node: DemoNode, pacs: SimulatedPacs, study_uid: str, begun: datetime) -> None:
        """Tell what the feed tells until the PACS has the report."""
        timeline, sequence = Timeline(study_uid, begun), 0
        deadline = time.monotonic() + _REPORT_SECONDS
        self._console.print("The mock analyzer only waits 2 to 4 s; the lung densitometry is real.", style="dim")
        while not timeline.is_over:
            if time.monotonic() > deadline:
                raise DemoFailed(f"no report within {_REPORT_SECONDS:.0f} s; see {node.log}")
            events: list[dict[str, Any]] = node.get("/api/v1/events", since=sequence, limit=500)["items"]
            for event in events:
                sequence = event["seq"]
                if line := timeline.line(event):
                    self._console.print(line, markup=False)
            if not events:
                time.sleep(_POLL_SECONDS)
        if not pacs.has_report.wait(max(deadline - time.monotonic(), 0.1)):
            raise DemoFailed("the simulated PACS got no structured report")
        self._say(f"report {pacs.reports[0]}")

    def _query(self, modality: Modality, node: Peer) -> None:
        found = modality.find(
            node,
            QueryRetrieveLevel="SERIES",
            StudyInstanceUID=modality.study_uid,
            Modality="",
            SeriesInstanceUID="",
            SeriesDescription="",
        )
        self._console.print(f"C-FIND as {TITLE} finds {len(found)} series:")
        for series in found:
            self._console.print(f"  {series.Modality:4} {series.get('SeriesDescription', '')}", markup=False)

    def _say(self, *lines: str) -> None:
        """Print lines that scripts look for: nothing stands before their first word, no colour either."""
        for line in lines:
            self._console.print(line, markup=False, soft_wrap=True)


def _peer(node: DemoNode) -> Peer:
    return Peer(
        name=node.ae_title,
        ae_title=node.ae_title,
        host="127.0.0.1",
        port=node.dicom_port,
        calling_ae_title=TITLE,
    )


def play(folder: Path) -> int:
    """Play in `folder`; returns the exit code."""
    console = Console(highlight=False)
    # A shell ignores SIGINT for what it starts in the background, and Python then leaves it ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        Demo(folder, console).run()
    except KeyboardInterrupt:
        console.print("Stopped.", style="dim")
        return 0
    except DemoFailed as failure:
        Console(stderr=True, soft_wrap=True).print(f"demo: {failure}", style="red", markup=False)
        return 1
    return 0
