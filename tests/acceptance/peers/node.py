"""The whole node as a user starts it: `isocenter serve` on its own folder and free ports."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.waiting import free_port, wait_until

ADMIN_PASSWORD = "correct-horse-battery"
_EXECUTABLE = Path(sys.executable).parent / "isocenter"


def toml_value(value: Any) -> str:
    """Write a value as TOML; JSON and TOML agree on strings, numbers, booleans and flat lists."""
    return json.dumps(value)


def toml_table(values: dict[str, Any]) -> str:
    """Write the keys of one TOML table."""
    return "".join(f"{key} = {toml_value(value)}\n" for key, value in values.items())


class Node:
    """A running node.

    Parameters
    ----------
    folder
        Where configuration, data and logs go.
    aes, routes, analyzers
        The `[[ae]]`, `[[route]]` and `[[analyzer]]` entries of the configuration.
    sections
        Other sections, merged over the defaults for tests: one analysis at a time, no mock delay, one second of quiet.
    """

    def __init__(
        self,
        folder: Path,
        *,
        aes: list[dict[str, Any]] | None = None,
        routes: list[dict[str, Any]] | None = None,
        analyzers: list[dict[str, Any]] | None = None,
        **sections: dict[str, Any],
    ) -> None:
        self.folder = folder
        self.dicom_port, self.web_port = free_port(), free_port()
        self.ae_title = "ISOCENTER"
        self._sections = self._merged(sections)
        self._aes, self._routes, self._analyzers = aes or [], routes or [], analyzers or []
        self._process: subprocess.Popen[str] | None = None
        self.ready_line = ""

    def _merged(self, sections: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        merged: dict[str, dict[str, Any]] = {
            "dicom": {"port": self.dicom_port, "processes": 2},
            "web": {"port": self.web_port},
            # Each process of an analysis takes a second to start.
            "analysis": {"quiet_seconds": 1, "concurrency": 1, "mock": {"delay_seconds": [0, 0]}},
            "security": {"admin_password": ADMIN_PASSWORD},
        }
        for name, values in sections.items():
            merged[name] = {**merged.get(name, {}), **values}
        return merged

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def log(self) -> str:
        return (self.folder / "node.log").read_text(errors="replace")

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def write_configuration(self) -> Path:
        lines = [f"data_dir = {toml_value(str(self.data_dir))}\n"]
        for name, values in self._sections.items():
            nested = {key: value for key, value in values.items() if isinstance(value, dict)}
            lines.append(f"\n[{name}]\n" + toml_table({k: v for k, v in values.items() if k not in nested}))
            lines.extend(f"\n[{name}.{key}]\n" + toml_table(value) for key, value in nested.items())
        lines.extend("\n[[ae]]\n" + toml_table(entry) for entry in self._aes)
        lines.extend("\n[[route]]\n" + toml_table(entry) for entry in self._routes)
        lines.extend("\n[[analyzer]]\n" + toml_table(entry) for entry in self._analyzers)
        path = self.folder / "isocenter.toml"
        path.write_text("".join(lines))
        return path

    def start(self, *, seconds: float = 120) -> "Node":
        self.folder.mkdir(parents=True, exist_ok=True)
        configuration = self.write_configuration()
        with (self.folder / "node.log").open("a") as log, (self.folder / "node.out").open("w") as out:
            self._process = subprocess.Popen(
                [str(_EXECUTABLE), "serve", "--config", str(configuration)],
                stdout=out,
                stderr=log,
                text=True,
                cwd=self.folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                # A process group of its own, which `kill` ends as one.
                start_new_session=True,
            )
        self.ready_line = wait_until(self._find_ready, seconds=seconds, what="the node's ready line")
        return self

    def _find_ready(self) -> str | None:
        assert self._process
        if self._process.poll() is not None:
            raise AssertionError(f"the node ended with {self._process.returncode}:\n{self.log[-4000:]}")
        lines = (self.folder / "node.out").read_text().splitlines()
        return next((line for line in lines if line.startswith("ready")), None)

    def stop(self) -> int:
        if not self._process:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Kill -9 of the whole node: the supervisor and all its children at the same time."""
        assert self._process
        children = self.children()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        # Analyzers may have left the group.
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait()

    def children(self, role: str = "") -> list[int]:
        """Return the PIDs of the node's descendants, of one role (`dicom`, `web`, `worker`) where it is named."""
        return [pid for pid in _descendants(self.pid) if role in _name(pid)]

    def client(self, username: str = "admin", password: str = ADMIN_PASSWORD) -> httpx.Client:
        return httpx.Client(base_url=self.url, auth=(username, password), timeout=30)

    def get(self, path: str, **params: Any) -> Any:
        with self.client() as client:
            response = client.get(path, params=params)
        assert response.status_code == httpx.codes.OK, f"{path}: {response.status_code} {response.text[:500]}"
        return response.json()

    def events(self, *, since: int = 0, study_uid: str | None = None) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        while page := self.get("/api/v1/events", since=since, limit=500)["items"]:
            items.extend(page)
            since = page[-1]["seq"]
        return [item for item in items if study_uid is None or item.get("study_uid") == study_uid]

    def study_status(self, study_uid: str) -> str | None:
        with self.client() as client:
            response = client.get(f"/api/v1/studies/{study_uid}/status")
        return response.json()["status"] if response.status_code == httpx.codes.OK else None

    def wait_for_status(self, study_uid: str, status: str, *, seconds: float = 60) -> None:
        wait_until(lambda: self.study_status(study_uid) == status, seconds=seconds, what=f"status {status}")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `isocenter` command with this node's configuration."""
        return subprocess.run(
            [str(_EXECUTABLE), *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=self.folder,
            env={**os.environ, "ISOCENTER_CONFIG": str(self.folder / "isocenter.toml")},
        )


def _descendants(pid: int) -> Iterator[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return
    for child in map(int, children):
        yield child
        yield from _descendants(child)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""
