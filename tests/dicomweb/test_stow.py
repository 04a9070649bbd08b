"""STOW-RS: what is stored, what is refused, and what the answer says of each (PS3.18 Section 10.5)."""

import socket
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx
import pytest

from archive.errors import DatabaseUnavailable, NodeError, StorageFailed, StorageFull
from dicomweb import stow_arriving
from tests.archive.dicom_files import offset_of
from tests.dicomweb.conftest import MAX_UPLOAD_BYTES, Web
from tests.dicomweb.objects import CT_IMAGE, image, part10, path_of, ramp, saved
from tests.waiting import wait_until

BOUNDARY = "tests-boundary"
KIND = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'


def body(*files: bytes, part_type: str = "application/dicom", end: bytes = b"--") -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Type: {part_type}\r\n\r\n".encode()
    return b"".join(head + file + b"\r\n" for file in files) + f"--{BOUNDARY}".encode() + end + b"\r\n"


def store(web: Web, content: Any, path: str = "/studies", **headers: str) -> httpx.Response:
    wanted = {"Content-Type": KIND, "Accept": "application/dicom+json", **headers}
    return web.http.post(path, content=content, headers=wanted)


def stored_uids(answer: dict[str, Any]) -> list[str]:
    return [item["00081155"]["Value"][0] for item in answer.get("00081199", {}).get("Value", [])]


def reasons(answer: dict[str, Any]) -> list[int]:
    """Give the reasons of the objects that the answer names, then those of the others."""
    items = [item for tag in ("00081198", "0008119A") for item in answer.get(tag, {}).get("Value", [])]
    return [item["00081197"]["Value"][0] for item in items]


def named(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Give the objects that the answer says failed."""
    items = answer.get("00081198", {}).get("Value", [])
    return [(item["00081150"]["Value"][0], item["00081155"]["Value"][0]) for item in items]


def spooled(web: Web) -> list[Path]:
    return [path for path in web.archive.blobs.spool_folder.rglob("*") if path.is_file()]


def test_objects_of_several_studies_have_no_common_address(shared_web: Web) -> None:
    answer = store(shared_web, body(part10(image(ramp())), part10(image(ramp()))))
    assert (answer.status_code, answer.json()["00081190"]) == (200, {"vr": "UR"})


def test_good_objects_are_200_with_their_addresses(any_web: Web) -> None:
    first = image(ramp())
    second = image(ramp(), StudyInstanceUID=first.StudyInstanceUID)
    answer = store(any_web, body(part10(first), part10(second)))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/dicom+json"
    found = answer.json()
    assert stored_uids(found) == [first.SOPInstanceUID, second.SOPInstanceUID]
    assert found["00081190"] == {"vr": "UR", "Value": [f"{any_web.url}/studies/{first.StudyInstanceUID}"]}
    item = found["00081199"]["Value"][0]
    assert item["00081150"]["Value"] == [CT_IMAGE]
    url = f"/studies/{first.StudyInstanceUID}/series/{first.SeriesInstanceUID}/instances/{first.SOPInstanceUID}"
    assert item["00081190"]["Value"] == [any_web.url + url]
    assert any_web.http.get(url).status_code == 200
    assert spooled(any_web) == []


def test_one_object_may_come_without_parts(web: Web) -> None:
    ds = image(ramp())
    answer = store(web, part10(ds), **{"Content-Type": "application/dicom"})
    assert (answer.status_code, stored_uids(answer.json())) == (200, [ds.SOPInstanceUID])


def test_the_bytes_of_the_data_set_are_kept(web: Web, tmp_path: Path) -> None:
    ds = image(ramp())
    file = saved(ds, tmp_path)
    store(web, body(file.read_bytes()))
    (kept,) = web.archive.blobs.keys()
    data_set = file.read_bytes()[offset_of(file) :]
    assert web.archive.blobs.path(kept).read_bytes().endswith(data_set)


def test_the_same_object_again_is_200_and_another_under_its_uid_0111(web: Web) -> None:
    ds = image(ramp())
    assert store(web, body(part10(ds))).status_code == 200
    assert store(web, body(part10(ds))).status_code == 200
    ds.PatientName = "Other"
    answer = store(web, body(part10(ds)))
    assert (answer.status_code, reasons(answer.json())) == (409, [0x0111])
    assert answer.json()["00081198"]["Value"][0]["00081155"]["Value"] == [ds.SOPInstanceUID]


def test_b49_mixed_objects_are_202_with_the_failures(web: Web) -> None:
    good = image(ramp())
    cut = image(ramp())
    answer = store(web, body(part10(cut)[:-100], part10(good), b"not DICOM at all"))
    assert answer.status_code == 202
    found = answer.json()
    assert stored_uids(found) == [good.SOPInstanceUID]
    assert reasons(found) == [0xC000, 0xC000]
    # PS3.18 Table I.1-1: what has no UIDs stands in a sequence of its own.
    assert named(found) == [(CT_IMAGE, cut.SOPInstanceUID)]
    assert found["0008119A"]["Value"] == [{"00081197": {"vr": "US", "Value": [0xC000]}}]
    assert spooled(web) == []


def test_b49_only_bad_objects_are_409(web: Web) -> None:
    answer = store(web, body(b"", b"junk", part10(image(ramp()))[:300]))
    assert answer.status_code == 409
    assert reasons(answer.json()) == [0xC000] * 3
    assert web.json("/studies") == []


def test_b49_objects_of_another_study_than_the_path_says_are_a900(web: Web) -> None:
    ds = image(ramp())
    answer = store(web, body(part10(ds)), path="/studies/1.2.3")
    assert (answer.status_code, reasons(answer.json())) == (409, [0xA900])
    assert web.json("/studies") == []
    assert store(web, body(part10(ds)), path=f"/studies/{ds.StudyInstanceUID}").status_code == 200
    assert store(web, body(part10(ds)), path="/studies/..x").status_code == 400


def test_the_answer_is_xml_for_those_who_want_that(web: Web) -> None:
    """PS3.18 Table 10.5.3-1 and Section 8.7.3.2: the Native DICOM Model, alone and not in parts."""
    good = image(ramp())
    answer = store(web, body(part10(good), part10(image(ramp()))[:-100]), Accept="application/dicom+xml")
    assert (answer.status_code, answer.headers["content-type"]) == (202, "application/dicom+xml")
    document = ET.fromstring(answer.content)  # noqa: S314 - what the node wrote
    place = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"
    [stored] = document.findall(f"{place}DicomAttribute[@keyword='ReferencedSOPSequence']/{place}Item")
    [uid] = stored.findall(f"{place}DicomAttribute[@keyword='ReferencedSOPInstanceUID']/{place}Value")
    assert uid.text == good.SOPInstanceUID
    assert len(document.findall(f"{place}DicomAttribute[@keyword='FailedSOPSequence']/{place}Item")) == 1


def test_10_5_4_the_answer_is_xml_in_parts_too(web: Web) -> None:
    multipart = 'multipart/related; type="application/dicom+xml"'
    answer = store(web, body(part10(image(ramp()))), Accept=f"text/html, {multipart}")
    assert (answer.status_code, answer.headers["content-type"].rpartition(";")[0]) == (200, multipart)
    assert b'keyword="ReferencedSOPSequence"' in answer.content


def test_10_5_3_2_what_was_created_is_named_in_the_header(web: Web) -> None:
    first = image(ramp())
    second = image(ramp(), StudyInstanceUID=first.StudyInstanceUID)
    for sent, created in (
        ([first], path_of(first)),
        ([first, second], f"/studies/{first.StudyInstanceUID}"),
        ([first, image(ramp())], None),
    ):
        answer = store(web, body(*map(part10, sent)))
        assert answer.status_code == 200
        for name in ("location", "content-location"):
            assert answer.headers.get(name) == (created and web.url + created)
    assert "location" not in store(web, body(b"junk")).headers


def test_an_answer_in_a_form_that_is_none_of_both_is_406(web: Web) -> None:
    assert store(web, body(part10(image(ramp()))), Accept="text/html").status_code == 406
    assert store(web, body(part10(image(ramp()))), Accept="*/*").json()


def test_parts_of_another_kind_fail_alone(web: Web) -> None:
    answer = store(web, body(b"{}", part_type="application/dicom+json"))
    assert (answer.status_code, reasons(answer.json())) == (409, [0xC000])


@pytest.mark.parametrize(
    ("sop_class", "syntax", "reason"),
    [
        ("1.2.840.10008.1.1", "1.2.840.10008.1.2.1", 0x0122),
        ("1.2.840.10008.5.1.4.31", "1.2.840.10008.1.2.1", 0x0122),
        (CT_IMAGE, "1.2.3.4", 0xC122),
        (CT_IMAGE, "1.2.840.10008.1.2.6.1", 0xC122),
    ],
)
def test_b31_b32_what_no_context_is_accepted_for_is_not_stored(
    shared_web: Web, sop_class: str, syntax: str, reason: int
) -> None:
    ds = image(ramp(), SOPClassUID=sop_class)
    written = part10(ds).replace(b"UI\x14\x001.2.840.10008.1.2.1\0", b"UI" + ui(syntax))
    answer = store(shared_web, body(written))
    assert (answer.status_code, reasons(answer.json())) == (409, [reason])
    assert named(answer.json()) == [(sop_class, ds.SOPInstanceUID)]


def ui(value: str) -> bytes:
    encoded = value.encode() + b"\0" * (len(value) % 2)
    return len(encoded).to_bytes(2, "little") + encoded


@pytest.mark.parametrize(("error", "status"), [(StorageFull, 507), (StorageFailed, 503), (DatabaseUnavailable, 503)])
def test_b37_b38_what_may_be_sent_again_later_is_a700_and_no_conflict(
    web: Web, monkeypatch: pytest.MonkeyPatch, error: type[NodeError], status: int
) -> None:
    def fail(_wanted_bytes: int = 0) -> None:
        raise error

    monkeypatch.setattr(web.archive.blobs, "check_space", fail)
    for accept in ("application/dicom+json", "application/dicom+xml"):
        answer = store(web, body(part10(image(ramp()))), Accept=accept)
        assert (answer.status_code, answer.headers["content-type"]) == (status, accept)
        assert answer.headers.get("retry-after") == ("5" if status == 503 else None)
    answer = store(web, body(part10(image(ramp()))))
    assert reasons(answer.json()) == [0xA700]
    assert len(named(answer.json())) == 1
    mixed = store(web, body(part10(image(ramp())), b"junk"))
    assert (mixed.status_code, sorted(reasons(mixed.json()))) == (409, [0xA700, 0xC000])


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"Content-Encoding": "gzip"}, body(b"x"), 415),
        ({"Content-Type": "text/plain"}, b"x", 415),
        ({"Content-Type": 'multipart/related; type="text/html"; boundary=b'}, b"x", 415),
        ({"Content-Type": 'multipart/mixed; type="application/dicom"; boundary=b'}, b"x", 415),
        ({"Content-Type": 'multipart/related; type="application/dicom"'}, b"x", 400),
        ({"Content-Type": f'multipart/related; type="application/dicom"; boundary={"b" * 5000}'}, b"x", 400),
        ({}, b"no boundary at all", 400),
        ({}, body(), 400),
        ({}, body(b"x", end=b""), 400),
        ({}, body(b"x")[:20], 400),
        ({"Accept": "text/html"}, body(b"x"), 406),
    ],
)
def test_b50_requests_that_are_wrong_are_refused_as_such(
    web: Web, headers: dict[str, str], content: bytes, status: int
) -> None:
    answer = store(web, content, **headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert spooled(web) == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(f"--{BOUNDARY}\r\n".encode() + b"X: y\r\n" * 10_000 + b"\r\nx", id="10,000 part headers"),
        pytest.param(f"--{BOUNDARY}\r\nX: ".encode() + b"y" * 1_000_000, id="a part header without end"),
        pytest.param(b"\r\n" * (8 << 20), id="a preamble of empty lines"),
        pytest.param(b"x" * (16 << 20), id="a preamble without end"),
    ],
)
def test_b48_bodies_that_never_come_to_an_object_are_400(web: Web, content: bytes) -> None:
    # The answer may come while the body is still being sent, and the connection is closed then.
    with suppress(httpx.WriteError):
        assert store(web, content).status_code == 400
    assert spooled(web) == []


def test_b50_a_body_above_the_limit_is_413(web: Web) -> None:
    assert store(web, bytes(MAX_UPLOAD_BYTES + 1)).status_code == 413

    def endless() -> Any:
        yield body(part10(image(ramp())))[:-20]
        for _ in range(MAX_UPLOAD_BYTES // (1 << 20) + 1):
            yield bytes(1 << 20)

    # The answer may come while the body is still being sent, and the connection is closed then.
    with suppress(httpx.WriteError):
        assert store(web, endless()).status_code == 413
    wait_until(lambda: not spooled(web) or None, what="the removal of what was spooled")


@pytest.mark.parametrize("length", [b"-1", b"abc", b"99999999999999999999"])
def test_b50_a_lying_content_length_stores_nothing(web: Web, length: bytes) -> None:
    address = urlsplit(web.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as peer:
        peer.sendall(
            b"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nContent-Type: application/dicom\r\nContent-Length: "
            + length
            + b"\r\n\r\nabc"
        )
        assert peer.recv(100).split()[1] in {b"400", b"413"}
    assert spooled(web) == []


@pytest.mark.parametrize("end", [b"Content-Length: 5000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n100000\r\n"])
def test_b50_a_client_that_falls_silent_is_408(web: Web, monkeypatch: pytest.MonkeyPatch, end: bytes) -> None:
    """RFC 9110 Section 15.5.9: neither an announced nor an endless body is waited for for ever."""
    monkeypatch.setattr(stow_arriving, "_LONGEST_SILENCE_SECONDS", 0.5)
    address = urlsplit(web.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as peer:
        head = f"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nContent-Type: {KIND}\r\n".encode()
        peer.sendall(head + end + body(part10(image(ramp())))[:-20])
        assert peer.recv(100).split()[1] == b"408"
    assert spooled(web) == []


def test_b50_a_connection_that_breaks_leaves_nothing(web: Web) -> None:
    address = urlsplit(web.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as peer:
        head = f"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nContent-Type: {KIND}\r\nContent-Length: 5000000\r\n\r\n"
        peer.sendall(head.encode() + body(part10(image(ramp())))[:-20] + bytes(2 << 20))
        wait_until(lambda: spooled(web) or None, what="the beginning of the object")
    wait_until(lambda: not spooled(web) or None, what="the removal of what was spooled")
    assert web.json("/studies") == []
