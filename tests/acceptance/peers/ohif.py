"""The prebuilt OHIF viewer from npm, served at the root path with the node's DICOMweb behind it."""

import base64
import hashlib
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance.peers.node import ADMIN_PASSWORD

PACKAGE = "@ohif/app@3.13.2"
_INTEGRITY = "WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA=="

_CONFIGURATION = """
window.config = {
  routerBasename: '/', extensions: [], modes: [], showStudyList: true, maxNumberOfWebWorkers: 2,
  showWarningMessageForCrossOrigin: false, showCPUFallbackMessage: false, strictZSpacingForVolumeViewport: true,
  investigationalUseDialog: { option: 'never' }, defaultDataSourceName: 'node',
  dataSources: [{
    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'node',
    configuration: {
      friendlyName: 'node', name: 'node', wadoUriRoot: '/dicom-web', qidoRoot: '/dicom-web', wadoRoot: '/dicom-web',
      qidoSupportsIncludeField: true, imageRendering: 'wadors', thumbnailRendering: 'wadors', enableStudyLazyLoad: true,
      supportsFuzzyMatching: true, supportsWildcard: true, omitQuotationForMultipartRequest: true,
      bulkDataURI: { enabled: true },
    },
  }],
};
"""


def fetch(folder: Path) -> Path:
    """Fetch the package from npm, check it, and return the folder of its prebuilt pages."""
    dist = folder / "package" / "dist"
    if dist.is_dir():
        return dist
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["npm", "pack", PACKAGE, "--silent"], cwd=folder, check=True, capture_output=True, timeout=300)
    package = next(folder.glob("*.tgz"))
    digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    if digest != _INTEGRITY:
        raise ValueError(f"{PACKAGE} is not the package that these tests were written for: sha512-{digest}")
    subprocess.run(["tar", "-xzf", package.name], cwd=folder, check=True)
    package.unlink()
    return dist


class _Handler(SimpleHTTPRequestHandler):
    """Serves OHIF's files, and passes /dicom-web on to the node with credentials."""

    node_url = ""
    requests: list[tuple[str, int]]

    def do_GET(self) -> None:
        if self.path.startswith("/dicom-web"):
            self._pass_on()
            return
        if self.path.split("?")[0] == "/app-config.js":
            self._answer(200, "text/javascript", _CONFIGURATION.encode())
            return
        if not Path(self.translate_path(self.path)).is_file():
            self.path = "/index.html"
        super().do_GET()

    def _pass_on(self) -> None:
        # The host as the browser knows it, as proxies pass it on: the node's URLs in answers begin with it.
        headers = {name: self.headers[name] for name in ("Host", "Accept", "Range") if name in self.headers}
        answer = httpx.get(self.node_url + self.path, headers=headers, auth=("admin", ADMIN_PASSWORD), timeout=60)
        self.requests.append((self.path, answer.status_code))
        self._answer(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep the test's output quiet."""


class Ohif:
    """OHIF on a free port, for one node."""

    def __init__(self, dist: Path, node_url: str) -> None:
        self.requests: list[tuple[str, int]] = []
        handler = type("Handler", (_Handler,), {"node_url": node_url, "requests": self.requests})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: handler(*args, directory=str(dist)))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> "Ohif":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
