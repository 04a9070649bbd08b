"""Orthanc as a second PACS: it queries, retrieves, sends and receives."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import httpx

from tests.waiting import free_port, wait_until


class Orthanc:
    """A running Orthanc with its DICOMweb plugin, knowing the node as modality `isocenter`."""

    def __init__(self, folder: Path, *, node_port: int, ae_title: str = "ORTHANC") -> None:
        self.folder, self.ae_title = folder, ae_title
        self.dicom_port, self.http_port = free_port(), free_port()
        self._node_port = node_port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Orthanc":
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "orthanc.json"
        path.write_text(json.dumps(self._configuration()))
        with (self.folder / "orthanc.log").open("w") as log:
            self._process = subprocess.Popen(
                ["Orthanc", str(path)], stdout=log, stderr=log, env={**os.environ, "TCP_NODELAY": "1"}
            )
        wait_until(self._is_up, seconds=60, what="Orthanc")
        return self

    def _configuration(self) -> dict[str, Any]:
        return {
            "Name": "orthanc",
            "StorageDirectory": str(self.folder / "db"),
            "IndexDirectory": str(self.folder / "db"),
            "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
            "DicomAet": self.ae_title,
            "DicomPort": self.dicom_port,
            "DicomAlwaysAllowStore": True,
            "HttpPort": self.http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomModalities": {"isocenter": ["ISOCENTER", "127.0.0.1", self._node_port]},
            "SynchronousCMove": True,
        }

    def _is_up(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.http_port}/system").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=30)

    def get(self, path: str) -> Any:
        return httpx.get(f"http://127.0.0.1:{self.http_port}{path}", timeout=60).raise_for_status().json()

    def post(self, path: str, body: Any) -> Any:
        answer = httpx.post(f"http://127.0.0.1:{self.http_port}{path}", json=body, timeout=120)
        return answer.raise_for_status().json()

    def as_ae(self, **options: object) -> dict[str, object]:
        return {
            "name": self.ae_title,
            "ae_title": self.ae_title,
            "host": "127.0.0.1",
            "port": self.dicom_port,
            **options,
        }
