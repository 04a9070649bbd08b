import socket
import time
from pathlib import Path

import pytest

from access.permissions import Role
from api import edge
from api.edge import route_of
from tests.api.serving import serving


@pytest.mark.parametrize(
    ("path", "params", "route"),
    [
        ("/api/v1/jobs", {}, "/api/v1/jobs"),
        ("/api/v1/jobs/12/retry", {"job_id": "12"}, "/api/v1/jobs/{job_id}/retry"),
        ("/studies/1.2/series/1.2.3", {"study": "1.2", "series": "1.2.3"}, "/studies/{study}/series/{series}"),
        ("/bulk/00080001/1/0009", {"place": "00080001/1/0009"}, "/bulk/{place}"),
    ],
)
def test_a_route_is_named_without_what_was_asked_for(path: str, params: dict[str, str], route: str) -> None:
    assert route_of({"path": path, "path_params": params, "endpoint": None}) == route


def test_what_no_route_took_has_one_name() -> None:
    assert route_of({"path": "/DOE^JANE"}) == "unmatched"


def test_a_request_that_is_still_coming_in_when_the_server_ends_is_told_so(sqlite_url: str, tmp_path: Path) -> None:
    with socket.socket() as client:
        client.settimeout(30)
        with serving(sqlite_url, tmp_path, dicomweb=True) as node:
            client.connect(("127.0.0.1", node.port))
            head = f"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {node.keys[Role.ADMIN]}\r\n"
            kind = (
                "Content-Type: multipart/related; type=application/dicom; boundary=x\r\nContent-Length: 100000\r\n\r\n"
            )
            client.sendall(f"{head}{kind}--x\r\nContent-Type: application/dicom\r\n\r\n".encode())
            # Long enough to be waited for.
            time.sleep(0.5)
        answer = bytearray()
        while piece := client.recv(4096):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 503 "), answer
    assert b"retry-after: 10" in answer.lower()
    assert b"The node is being stopped" in answer


def test_only_uids_of_a_path_are_logged() -> None:
    parameters = {"study_uid": "1.2.3", "series_uid": "DOE^JANE", "sop_uid": "4711", "job_id": "1.2"}
    assert edge._uids({"path_params": parameters}) == {"study_uid": "1.2.3"}
