import io
import socket
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from access.permissions import Role
from archive.errors import StorageFull
from tests.api.serving import Served, serving
from tests.archive.objects import STUDY, ct_slice
from tests.waiting import wait_until


def _file(number: int = 1, **changes: Any) -> bytes:
    data_set = ct_slice(number, **changes)
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    target = io.BytesIO()
    data_set.save_as(target, enforce_file_format=True)
    return target.getvalue()


def _zip(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def _upload(node: Served, files: dict[str, bytes], role: Role = Role.CLINICIAN) -> httpx.Response:
    with node.as_role(role) as client:
        return client.post("/api/v1/uploads", files=[("files", item) for item in files.items()])


def _stored_instances(node: Served) -> int:
    with node.as_admin() as admin:
        return int(admin.get("/api/v1/statistics").json()["instances"])


def _files_on_disk(node: Served) -> list[Path]:
    folders = (node.settings.storage.folder, node.folder / "uploads")
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def test_files_of_every_kind_are_sorted_into_stored_known_and_refused(any_node: Served) -> None:
    answer = _upload(any_node, {"one.dcm": _file(1), "notes.txt": b"no DICOM at all", "two": _file(2)})
    assert answer.status_code == 200
    outcome = answer.json()
    assert (outcome["stored"], outcome["duplicates"]) == (2, 0)
    assert [refused["file"] for refused in outcome["refused"]] == ["notes.txt"]
    assert outcome["refused"][0]["reason"]
    again = _upload(any_node, {"one.dcm": _file(1)}).json()
    assert (again["stored"], again["duplicates"], again["refused"]) == (0, 1, [])
    assert again["id"] != outcome["id"]
    assert _stored_instances(any_node) == 2


def test_a_zip_is_opened_and_its_media_index_is_no_refusal(node: Served) -> None:
    content = _zip({"DICOMDIR": b"index", "IMAGES/1": _file(1), "IMAGES/2.dcm": _file(2), "README.TXT": b"hello"})
    outcome = _upload(node, {"cd.zip": content}).json()
    assert outcome["stored"] == 2
    assert [refused["file"] for refused in outcome["refused"]] == ["cd.zip/README.TXT"]


def test_bad_entries_of_a_zip_do_not_keep_the_good_ones_out(node: Served) -> None:
    content = _zip({"../evil.dcm": _file(1), "inner.zip": _zip({"a": _file(2)}), "good.dcm": _file(3)})
    outcome = _upload(node, {"mixed.zip": content}).json()
    assert outcome["stored"] == 1
    assert {refused["file"] for refused in outcome["refused"]} == {"mixed.zip/../evil.dcm", "mixed.zip/inner.zip"}
    assert not list(node.folder.parent.glob("evil*"))


def test_a_damaged_zip_is_one_refusal(node: Served) -> None:
    outcome = _upload(node, {"cut.zip": _zip({"a": _file(1)})[:200], "good": _file(2)}).json()
    assert outcome["stored"] == 1
    assert [refused["file"] for refused in outcome["refused"]] == ["cut.zip"]


def test_other_bytes_under_a_known_uid_are_refused_with_the_reason(node: Served) -> None:
    _upload(node, {"one": _file(1)})
    outcome = _upload(node, {"one": _file(1, PatientID="P2")}).json()
    assert outcome["stored"] == 0
    assert "other content" in outcome["refused"][0]["reason"]
    assert "P2" not in outcome["refused"][0]["reason"]


def test_what_is_refused_leaves_nothing_behind(node: Served) -> None:
    _upload(node, {"cut": _file(1)[:-100], "junk": b"\0" * 5000, "bad.zip": b"PK\x03\x04" + b"\0" * 5000})
    assert _files_on_disk(node) == []
    assert _stored_instances(node) == 0


def test_an_upload_arrives_in_the_index_and_in_the_worklist(node: Served) -> None:
    _upload(node, {str(number): _file(number) for number in range(1, 4)})
    with node.as_admin() as admin:
        (study,) = admin.get("/api/v1/studies", params={"search": "doe"}).json()["items"]
        assert admin.get("/api/v1/studies", params={"modality": "MR"}).json()["items"] == []
        assert admin.get("/api/v1/studies", params={"from": "20260102", "to": "20260102"}).json()["items"] == [study]
        status = admin.get(f"/api/v1/studies/{STUDY}/status").json()
    assert (study["study_uid"], study["patient_name"]) == (STUDY, "Doe^Jane")
    assert status["status"] == "RECEIVING"
    assert status["jobs"].keys() == {"PENDING", "ANALYZING", "COMPLETE", "FAILED", "SKIPPED", "CANCELED"}


def test_a_deleted_study_is_gone_with_its_files(node: Served) -> None:
    _upload(node, {"one": _file(1)})
    with node.as_role(Role.CLINICIAN) as clinician:
        assert clinician.delete(f"/api/v1/studies/{STUDY}").status_code == 403
    with node.as_admin() as admin:
        assert admin.delete(f"/api/v1/studies/{STUDY}").status_code == 204
        assert admin.get(f"/api/v1/studies/{STUDY}/status").status_code == 404
        kinds = [item["type"] for item in admin.get("/api/v1/events").json()["items"]]
    assert _files_on_disk(node) == []
    assert "study.deleted" in kinds


@pytest.mark.parametrize("announced", [True, False])
def test_more_than_an_upload_may_have_is_refused(sqlite_url: str, tmp_path: Path, announced: bool) -> None:
    with serving(sqlite_url, tmp_path, sections={"web": {"max_upload_bytes": 100_000}}) as node:
        body = b"--b\r\nContent-Disposition: form-data; name=files; filename=a\r\n\r\n" + bytes(300_000)
        content: Any = body if announced else iter([body[:150_000], body[150_000:]])
        with node.as_role(Role.CLINICIAN) as client:
            answer = client.post(
                "/api/v1/uploads", content=content, headers={"Content-Type": "multipart/form-data; boundary=b"}
            )
        assert answer.status_code == 413
        assert _files_on_disk(node) == []


def test_a_zip_may_not_unpack_to_much_more_than_an_upload_may_have(sqlite_url: str, tmp_path: Path) -> None:
    with serving(sqlite_url, tmp_path, sections={"web": {"max_upload_bytes": 100_000}}) as node:
        bomb = _file(1)[:-512] + bytes(4_000_000)
        outcome = _upload(node, {"bomb.zip": _zip({"a": bomb})}).json()
        assert outcome["stored"] == 0
        assert "more than one upload" in outcome["refused"][0]["reason"]
        assert _files_on_disk(node) == []


def test_an_upload_that_breaks_off_leaves_nothing_behind(node: Served) -> None:
    head = (
        f"POST /api/v1/uploads HTTP/1.1\r\nHost: node\r\nAuthorization: Bearer {node.keys[Role.CLINICIAN]}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n"
        "--b\r\nContent-Disposition: form-data; name=files; filename=a\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", node.port)) as raw:
        raw.sendall(head.encode() + _file(1)[:-100] + bytes(2 << 20))
        wait_until(lambda: _files_on_disk(node), what="the spool file")
    wait_until(lambda: not _files_on_disk(node), what="the removal of the spool file")
    assert _stored_instances(node) == 0


def test_a_full_disk_ends_the_upload_with_507(node: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageFull

    monkeypatch.setattr(node.archive.blobs, "check_space", full)
    answer = _upload(node, {"one": _file(1)})
    assert answer.status_code == 507
    assert answer.headers["content-type"] == "application/problem+json"


def test_names_of_files_are_only_ever_text(node: Served) -> None:
    name = "<img src=x onerror=alert(1)>.txt"
    outcome = _upload(node, {name: b"junk", "../../etc/passwd": b"junk"}).json()
    assert {refused["file"] for refused in outcome["refused"]} == {name, "../../etc/passwd"}
