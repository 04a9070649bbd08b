"""The demo's node: its configuration, its process, and its HTTP interface."""

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from isocenter.children import SUPERVISOR_VARIABLE

USERNAME = "admin"
_STOP_SECONDS = 40

_CONFIGURATION = """\
# Written by the demo at each start.
data_dir = "{data_dir}"

[analysis]
quiet_seconds = 2

[analysis.mock]
delay_seconds = [2, 4]

[[ae]]
name = "MODALITY1"
ae_title = "MODALITY1"
host = "127.0.0.1"
port = 104
allowed = ["echo", "store", "find"]
results = false

[[ae]]
name = "PACS1"
ae_title = "PACS1"
host = "127.0.0.1"
port = {pacs_port}
results = true
"""


class DemoFailed(Exception):
    """The demo cannot go on; the text says why."""


class DemoNode:
    """`isocenter serve` with the demo's configuration.

    Parameters
    ----------
    folder
        Data, configuration and log.
    pacs_port
        Where the simulated PACS listens.
    """

    def __init__(self, folder: Path, *, pacs_port: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._configuration = folder / "isocenter.toml"
        self._configuration.write_text(_CONFIGURATION.format(data_dir=folder.absolute(), pacs_port=pacs_port))
        self.log = folder / "node.log"
        self.password = _kept_password(folder / "admin-password")
        self.ready_line = ""
        self._process: subprocess.Popen[str] | None = None

    @property
    def ae_title(self) -> str:
        """The node's AE title, as the `ready` line names it."""
        return self.ready_line.split()[1]

    @property
    def dicom_port(self) -> int:
        """The DICOM port, as the `ready` line names it."""
        return int(self.ready_line.split()[3])

    @property
    def url(self) -> str:
        """The web address, as the `ready` line names it."""
        return self.ready_line.split()[5]

    def start(self) -> None:
        """Start the node; it takes some seconds until it serves."""
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "isocenter", "serve", "--config", str(self._configuration)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # Ctrl-C is the demo's: it ends the node in its own time.
                start_new_session=True,
                env={
                    **os.environ,
                    "ISOCENTER_SECURITY__ADMIN_PASSWORD": self.password,
                    SUPERVISOR_VARIABLE: str(os.getpid()),
                },
            )

    def wait(self) -> str:
        """Wait until every role answers, and return the node's `ready` line."""
        if self._process is None or self._process.stdout is None:
            raise DemoFailed("the node was not started")
        self.ready_line = self._process.stdout.readline().strip()
        if not self.ready_line.startswith("ready "):
            self._process.wait()
            raise DemoFailed(self.last_words())
        return self.ready_line

    def last_words(self) -> str:
        """Return the end of the node's log, for when it failed."""
        lines = self.log.read_text(errors="replace").splitlines()
        spoken = [line for line in lines if line.startswith("isocenter: ")]
        return "\n".join(spoken or lines[-5:])

    def is_running(self) -> bool:
        """Tell whether the node's process lives."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> int:
        """End the node, and return its exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(_STOP_SECONDS)

    def get(self, path: str, **parameters: Any) -> Any:
        """Fetch JSON from the node."""
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        credentials = base64.b64encode(f"{USERNAME}:{self.password}".encode()).decode()
        request = urllib.request.Request(  # noqa: S310 - the address is our own node's
            f"{self.url}{path}{query}", headers={"Authorization": f"Basic {credentials}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            return json.load(answer)


def _kept_password(path: Path) -> str:
    """Make the administrator's password once: the account of the first run is there in the second."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(12))
    return path.read_text().strip()
