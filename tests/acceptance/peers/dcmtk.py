"""DCMTK's tools as modality and PACS."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydicom import Dataset, dcmread

from tests.waiting import answers, free_port, wait_until

# Without it DCMTK's answers wait 44 ms for a delayed ACK.
ENVIRONMENT = {**os.environ, "TCP_NODELAY": "1"}


def run(*command: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run one tool to its end and return what it said."""
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=timeout, check=False, env=ENVIRONMENT
    )


class Scu:
    """One calling AE and the node it talks to."""

    def __init__(self, port: int, *, calling: str = "MODALITY1", called: str = "ISOCENTER") -> None:
        self._peer = ["127.0.0.1", str(port)]
        self._titles = ["-aet", calling, "-aec", called]

    def echo(self) -> subprocess.CompletedProcess[str]:
        return run("echoscu", "-v", *self._titles, *self._peer)

    def store(self, paths: Iterable[Path], *options: str) -> subprocess.CompletedProcess[str]:
        # -R proposes what the files need; +sd walks folders.
        return run("storescu", "-v", "+sd", "-R", *options, *self._titles, *self._peer, *map(str, paths))

    def find(self, folder: Path, *keys: str, model: str = "-S") -> list[Dataset]:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("rsp*.dcm"):
            old.unlink()
        options = [part for key in keys for part in ("-k", key)]
        done = run("findscu", "-v", model, "-X", "-od", str(folder), *options, *self._titles, *self._peer)
        assert done.returncode == 0, done.stderr
        return [dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]

    def move(self, destination: str, *keys: str, model: str = "-S") -> subprocess.CompletedProcess[str]:
        options = [part for key in keys for part in ("-k", key)]
        return run("movescu", "-v", model, "-aem", destination, *options, *self._titles, *self._peer)

    def get(self, folder: Path, *keys: str, model: str = "-S") -> list[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        options = [part for key in keys for part in ("-k", key)]
        done = run("getscu", "-v", model, "+B", "-od", str(folder), *options, *self._titles, *self._peer)
        assert done.returncode == 0, done.stderr
        return sorted(path for path in folder.iterdir() if path.is_file())


class StoreScp:
    """`storescp`: a PACS that takes everything, or what `syntaxes` says, and keeps it as files, byte for byte."""

    def __init__(self, folder: Path, ae_title: str, *, syntaxes: str = "+xa", options: Sequence[str] = ()) -> None:
        self._syntaxes = syntaxes
        self._options = options
        self.folder, self.ae_title, self.port = folder, ae_title, free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "StoreScp":
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [
            "storescp",
            "-q",
            "+B",
            self._syntaxes,
            *self._options,
            "-aet",
            self.ae_title,
            "-od",
            str(self.folder),
            str(self.port),
        ]
        self._process = subprocess.Popen(command, env=ENVIRONMENT)
        wait_until(lambda: answers(self.port), what=f"storescp {self.ae_title}")
        return self

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=10)
            self._process = None

    def received(self, modality: str = "") -> list[Path]:
        """Return the files that are whole, of one modality where it is named."""
        return sorted(path for path in self.folder.iterdir() if modality in (_modality(path), ""))

    def as_ae(self, **options: object) -> dict[str, object]:
        return {"name": self.ae_title, "ae_title": self.ae_title, "host": "127.0.0.1", "port": self.port, **options}


def _modality(path: Path) -> str | None:
    try:
        # A file that storescp is still writing may end anywhere.
        return str(dcmread(path, stop_before_pixels=True, specific_tags=["Modality"]).Modality)
    except Exception:  # noqa: BLE001
        return None


def missing_tools(*names: str) -> list[str]:
    """Name the tools that are not installed."""
    return [name for name in names if not shutil.which(name)]
