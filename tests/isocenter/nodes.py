"""`isocenter serve` as a process, with everything on free ports."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from tests.waiting import free_port, wait_until

PASSWORD = "correct-horse-battery"


class ServedNode:
    """A node, or some roles of one.

    Parameters
    ----------
    folder
        Configuration, data and log.
    configuration
        More TOML.
    command
        What to run: `serve` or a role.
    environment
        More variables.
    """

    def __init__(
        self,
        folder: Path,
        configuration: str = "",
        *,
        command: str = "serve",
        environment: dict[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.dicom_port, self.web_port = free_port(), free_port()
        self.file = folder / "isocenter.toml"
        self.file.write_text(configuration)
        self._command = command
        self._environment = {
            **os.environ,
            "ISOCENTER_DATA_DIR": str(folder / "data"),
            "ISOCENTER_DICOM__PORT": str(self.dicom_port),
            "ISOCENTER_WEB__PORT": str(self.web_port),
            "ISOCENTER_DICOM__PROCESSES": "1",
            "ISOCENTER_SECURITY__ADMIN_PASSWORD": PASSWORD,
            **(environment or {}),
        }
        self.process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def output(self) -> str:
        return (self.folder / "out").read_text()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def start(self, *, stdout: str | int = "out", stderr: str = "log") -> "ServedNode":
        """Start it, with its output in files of its folder or elsewhere; `wait` until it is ready."""
        where = stdout if isinstance(stdout, int) else self.folder / stdout
        (self.folder / "log").touch()
        with open(where, "w") as out, (self.folder / stderr).open("w") as log:  # noqa: PTH123 - or a descriptor
            self.process = subprocess.Popen(
                [sys.executable, "-m", "isocenter", self._command, "--config", str(self.file)],
                stdout=out,
                stderr=log,
                text=True,
                env=self._environment,
                cwd=self.folder,
            )
        return self

    def wait(self) -> str:
        """Wait for the `ready` line and return it."""
        return wait_until(self._ready_line, seconds=60, what="the ready line")

    def _ready_line(self) -> str | None:
        assert self.process
        assert self.process.poll() is None, self.log[-3000:]
        return next((line for line in self.output.splitlines() if line.startswith("ready")), None)

    def end(self) -> tuple[int, str]:
        """Wait until it ends by itself; gives exit code and log."""
        assert self.process
        return self.process.wait(60), self.log

    def stop(self) -> int:
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command with the same configuration."""
        return subprocess.run(
            [sys.executable, "-m", "isocenter", *arguments, "--config", str(self.file)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=self._environment,
            cwd=self.folder,
        )

    def children(self) -> list[int]:
        assert self.process
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in text.split()]

    def status(self, path: str) -> int:
        return httpx.get(f"{self.url}{path}", timeout=10).status_code
