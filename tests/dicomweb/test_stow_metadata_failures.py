"""STOW-RS of metadata and bulk data: what is refused, with which reason, and that it hurts nothing else."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydicom import Dataset

from archive.errors import StorageFull
from dicomweb import stow_metadata
from dicomweb.native_xml import native_xml
from tests.dicomweb.conftest import MAX_UPLOAD_BYTES, Web
from tests.dicomweb.objects import image, part10, ramp
from tests.dicomweb.taken_out import BOUNDARY, JSON, XML, bulk, parts, post, store

KIND = f'multipart/related; type="{JSON}"; boundary={BOUNDARY}'
SEQUENCE = "00081140"


@pytest.fixture
def good() -> Dataset:
    return image(ramp())


def described(ds: Dataset, uri: str | None = None, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = ds.to_json_dict()
    del found["7FE00010"]
    if uri is not None:
        found["7FE00010"] = {"vr": "OW", "BulkDataURI": uri}
    return found | {tag.removeprefix("x"): element for tag, element in changes.items()}


def failures(answer: dict[str, Any]) -> list[tuple[str, int]]:
    """Give the objects that failed, by name where the answer has one, with the reasons."""
    items = [item for tag in ("00081198", "0008119A") for item in answer.get(tag, {}).get("Value", [])]
    return [(item.get("00081155", {"Value": [""]})["Value"][0], item["00081197"]["Value"][0]) for item in items]


def stored(answer: dict[str, Any]) -> list[str]:
    return [item["00081155"]["Value"][0] for item in answer.get("00081199", {}).get("Value", [])]


def text(vr: str, *values: Any) -> dict[str, Any]:
    return {"vr": vr, "Value": list(values)}


def nested(depth: int) -> dict[str, Any]:
    data_set: dict[str, Any] = {}
    for _ in range(depth):
        data_set = {SEQUENCE: {"vr": "SQ", "Value": [data_set]}}
    return data_set


def one_part(uri: str = "x", content: bytes = b"", media_type: str = "application/octet-stream") -> bytes:
    return parts(bulk(uri, content or ramp().tobytes(), media_type))


# What is sent besides a good object: changes of its metadata, parts behind it, and the reason of its failure.
BROKEN: list[tuple[str, dict[str, Any], list[tuple[str, str]], int]] = [
    ("bulk data that is missing", {"x7FE00010": {"vr": "OW", "BulkDataURI": "nowhere"}}, [], 0xC001),
    ("bulk data elsewhere", {"x7FE00010": {"vr": "OW", "BulkDataURI": "{elsewhere}"}}, [], 0xC001),
    ("a file as bulk data", {"x7FE00010": {"vr": "OW", "BulkDataURI": "file:///etc/passwd"}}, [], 0xC001),
    ("a URI of two parts", {}, [("x", ""), ("x", "")], 0xC002),
    ("a URI of two attributes", {"x00282000": {"vr": "OB", "BulkDataURI": "x"}}, [("x", "")], 0xC002),
    ("all frames, and frames", {}, [("x", "image/jpeg"), ("x/frames/1", "image/jpeg")], 0xC002),
    ("a frame that is missing", {"x00280008": text("IS", 2)}, [("x/frames/1", ""), ("x/frames/3", "")], 0xC001),
    ("a frame too few", {"x00280008": text("IS", 3)}, [("x/frames/1", ""), ("x/frames/2", "")], 0xC000),
    ("all frames in one JPEG", {"x00280008": text("IS", 2)}, [("x", "image/jpeg")], 0xC000),
    (
        "frames of several kinds",
        {"x00280008": text("IS", 2)},
        [("x/frames/1", "image/jp2"), ("x/frames/2", "image/jls")],
        0xC000,
    ),
    ("an unknown transfer syntax", {}, [("x", "image/jpeg;transfer-syntax=1.2.3")], 0xC122),
    ("one of another media type", {}, [("x", "image/jpeg;transfer-syntax=1.2.840.10008.1.2.4.90")], 0xC122),
    ("big endian", {}, [("x", "application/octet-stream;transfer-syntax=1.2.840.10008.1.2.2")], 0xC122),
    ("a media type that is no pixels", {}, [("x", "text/html")], 0xC122),
    ("an unknown transfer syntax in the metadata", {"x00020010": text("UI", "1.2.3")}, [("x", "")], 0xC122),
    ("a SOP class that is not stored", {"x00080016": text("UI", "1.2.840.10008.1.1")}, [("x", "")], 0x0122),
    ("no Study Instance UID", {"x0020000D": {"vr": "UI"}}, [("x", "")], 0xA900),
    ("an invalid UID", {"x0020000E": text("UI", "../../x")}, [("x", "")], 0xC000),
    ("a VR that is none", {"x00100020": text("XX", "1")}, [("x", "")], 0xC000),
    ("a number that is none", {"x00280010": text("US", "many")}, [("x", "")], 0xC000),
    ("a number that is too large", {"x00280010": text("US", 65536)}, [("x", "")], 0xC000),
    ("an empty number among others", {"x00281052": text("FD", 1.0, None)}, [("x", "")], 0xC000),
    ("a text that is an object", {"x00100020": text("LO", {"a": 1})}, [("x", "")], 0xC000),
    ("values that are no list", {"x00100020": {"vr": "LO", "Value": "1"}}, [("x", "")], 0xC000),
    ("half a surrogate pair", {"x00100020": text("LO", "\ud83d")}, [("x", "")], 0xC000),
    ("values of bytes", {"x00282000": text("OB", 1, 2)}, [("x", "")], 0xC000),
    ("Base64 that is none", {"x00282000": {"vr": "OB", "InlineBinary": "äöü"}}, [("x", "")], 0xC000),
    ("two forms of a value", {"x00282000": {"vr": "OB", "InlineBinary": "", "Value": []}}, [("x", "")], 0xC000),
    ("a sequence as bulk data", {"x00081140": {"vr": "SQ", "BulkDataURI": "y"}}, [("x", ""), ("y", "")], 0xC000),
    ("a URI that is a number", {"x00282000": {"vr": "OB", "BulkDataURI": 7}}, [("x", "")], 0xC000),
    ("an item that is none", {"x00081140": text("SQ", "item")}, [("x", "")], 0xC000),
    ("a tag that is none", {"xPatientID": text("LO", "1")}, [("x", "")], 0xC000),
    ("a value that is no attribute", {"x00100020": "1"}, [("x", "")], 0xC000),
    ("text in another character set", {"x0040A160": {"vr": "UT", "BulkDataURI": "y"}}, [("x", ""), ("y", "")], 0xC000),
    ("half a number", {"x00189445": {"vr": "FL", "BulkDataURI": "y"}}, [("x", ""), ("y", "odd")], 0xC000),
]


@pytest.mark.parametrize(("changes", "given", "reason"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_b49_what_is_wrong_with_one_object_does_not_hurt_the_others(
    shared_web: Web, good: Dataset, changes: dict[str, Any], given: list[tuple[str, str]], reason: int
) -> None:
    bad = image(ramp())
    elsewhere = f"{shared_web.url}/studies"
    sent = json.loads(json.dumps(described(bad, "x", **changes)).replace("{elsewhere}", elsewhere))
    contents = {"y": b"gr\xf6\xdfer", "x": ramp().tobytes()}
    rest = parts(
        bulk("good", good.PixelData),
        *(bulk(uri, contents.get(uri, b"odd")[: 3 if kind == "odd" else None], kind) for uri, kind in given),
    )
    answer = store(
        shared_web, JSON, [sent, described(good, "good")], rest.replace(b": \r\n", b": application/octet-stream\r\n")
    )
    assert answer.status_code == 202, answer.text
    assert stored(answer.json()) == [good.SOPInstanceUID]
    assert failures(answer.json()) == [(bad.SOPInstanceUID, reason)]


def test_b57_nothing_is_fetched_from_a_uri(shared_web: Web, good: Dataset) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)  # noqa: FBT003 - the socket takes it by position only
        metadata = described(good, f"http://127.0.0.1:{elsewhere.getsockname()[1]}/x")
        assert failures(store(shared_web, JSON, [metadata]).json()) == [(good.SOPInstanceUID, 0xC001)]
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


@pytest.mark.parametrize("tag", ["00080018", "00080016"])
def test_what_cannot_be_named_fails_without_a_name(shared_web: Web, good: Dataset, tag: str) -> None:
    for broken in ({"vr": "UI"}, text("UI", "x" * 65), None):
        nameless = described(image(ramp()))
        nameless[tag] = broken
        answer = store(shared_web, JSON, [nameless, described(good)])
        assert answer.status_code == 202
        ((name, reason),) = failures(answer.json())
        assert (name, reason) == ("", 0xC000 if tag == "00080018" else 0xA900)


def test_parts_that_no_metadata_names_are_told_of(shared_web: Web, good: Dataset) -> None:
    rest = parts(
        bulk("good", good.PixelData),
        bulk("other", b"x"),
        bulk("other/frames/1", b"x"),
        ({"Content-Type": "application/octet-stream"}, b"nameless"),
    )
    answer = store(shared_web, JSON, [described(good, "good")], rest)
    assert (answer.status_code, failures(answer.json())) == (202, [("", 0xC003)] * 3)


def test_objects_of_another_study_than_the_path_says_are_a900(shared_web: Web, good: Dataset) -> None:
    body = store(shared_web, JSON, [described(good)]).request.content
    answer = post(shared_web, body, KIND, "/studies/1.2.3")
    assert (answer.status_code, failures(answer.json())) == (409, [(good.SOPInstanceUID, 0xA900)])


def test_b37_a_full_disk_is_a700(web: Web, good: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(100))

    def full_after_the_metadata(_wanted_bytes: int = 0) -> None:
        if next(calls):
            raise StorageFull

    monkeypatch.setattr(web.archive.blobs, "check_space", full_after_the_metadata)
    answer = store(web, JSON, [described(good, "x")], one_part())
    assert (answer.status_code, failures(answer.json())) == (507, [(good.SOPInstanceUID, 0xA700)])
    assert [path for path in web.archive.blobs.spool_folder.rglob("*") if path.is_file()] == []
    assert web.json("/studies") == []


def test_b37_a_full_disk_says_nothing_of_parts_whose_metadata_it_did_not_take(
    web: Web, good: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(100))

    def full_at_the_metadata(_wanted_bytes: int = 0) -> None:
        if not next(calls):
            raise StorageFull

    monkeypatch.setattr(web.archive.blobs, "check_space", full_at_the_metadata)
    answer = store(web, JSON, [described(good, "x")], one_part())
    assert (answer.status_code, failures(answer.json())) == (507, [("", 0xA700)])


def test_b11_sequences_within_the_limit_are_stored_and_others_are_not(shared_web: Web) -> None:
    for kind in (JSON, XML):
        deep, deeper = image(ramp()), image(ramp())
        answer = store(shared_web, kind, [described(deep, None, **nested(100)), described(deeper, None, **nested(101))])
        assert stored(answer.json()) == [deep.SOPInstanceUID]
        assert [reason for _, reason in failures(answer.json())] == [0xC000]


@pytest.mark.parametrize("depth", [300, 20_000, 100_000])
def test_b11_a_stack_does_not_overflow(shared_web: Web, good: Dataset, depth: int) -> None:
    head = json.dumps(described(image(ramp())))[:-1].encode()
    item = b'{"vr":"SQ","Value":[{"00081140":'
    bad = head + b',"00081140":' + item * depth + b"{}" + b"}]}" * depth + b"}"
    document = b"[" + bad + b"," + json.dumps(described(good)).encode() + b"]"
    answer = post(shared_web, document, JSON)
    assert (answer.status_code, failures(answer.json())) == (202, [("", 0xC000)])
    assert post(shared_web, b"[" * depth, JSON).status_code == 400
    xml = native_xml({}).replace(b"</", b'<DicomAttribute tag="00081140" vr="SQ"><Item>' * depth + b"</")
    assert post(shared_web, xml, XML).status_code in {400, 409}


def many_items() -> bytes:
    return b',"00081140":{"vr":"SQ","Value":[' + b"{}," * 1_000_000 + b"{}]}}"


def many_tags() -> bytes:
    return b"".join(b',"0011%04X":{}' % (number & 0xFFFF) for number in range(1_000_000)) + b"}"


@pytest.mark.parametrize("rest", [many_items, many_tags])
def test_b12_a_million_elements_cost_little(shared_web: Web, good: Dataset, rest: Callable[[], bytes]) -> None:
    head = json.dumps(described(image(ramp())))[:-1].encode()
    document = b"[" + head + rest() + b"," + json.dumps(described(good)).encode() + b"]"
    begun = time.process_time()
    answer = post(shared_web, document, JSON)
    assert time.process_time() - begun < 2
    assert stored(answer.json()) == [good.SOPInstanceUID]
    assert failures(answer.json()) == [("", 0xC000)]


def test_b12_a_million_elements_of_xml_cost_little(shared_web: Web) -> None:
    items = b'<DicomAttribute tag="00081140" vr="SQ">' + b"<Item/>" * 1_000_000 + b"</DicomAttribute></"
    begun = time.process_time()
    answer = post(shared_web, native_xml({}).replace(b"</", items), XML)
    assert time.process_time() - begun < 3
    assert (answer.status_code, failures(answer.json())) == (409, [("", 0xC000)])


def test_metadata_has_a_limit_for_an_object_and_one_for_a_request(
    shared_web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dicomweb.stow_documents.MOST_BYTES", 100_000)
    long = described(image(ramp()), None, x0040A160=text("UT", "x" * 100_000))
    for kind in (JSON, XML):
        answer = store(shared_web, kind, [long, described(image(ramp()))])
        assert (answer.status_code, failures(answer.json())) == (202, [("", 0xC000)])
    monkeypatch.setattr(stow_metadata, "_MOST_METADATA_BYTES", 150_000)
    assert store(shared_web, JSON, [long, long]).status_code == 413


def test_xml_with_entities_is_no_metadata(shared_web: Web) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    document = native_xml(described(image(ramp()))).replace(b"?>\n", b"?>\n" + bomb, 1)
    assert post(shared_web, document, XML).status_code == 400


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[",
        b"[]",
        b"{}",
        b"[1]",
        b"[{}",
        b"[{}]x",
        b'[{"a]',
        b"[{}}",
        b"[{},]",
        b"[NaN]",
        b'[{"00100020":NaN}]',
        b"\xff",
    ],
)
def test_b50_metadata_that_is_no_array_of_data_sets_is_400(shared_web: Web, document: bytes) -> None:
    answer = post(shared_web, document, JSON)
    assert answer.status_code == (409 if document == b"[{}]" else 400)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (parts(bulk("x", b"x")), KIND, 400),
        (parts(({"Content-Type": JSON}, b"[]")), KIND, 400),
        (parts(({"Content-Type": JSON}, b"[]"))[:-4], KIND, 400),
        (b"x", KIND, 400),
        (b"x", f'multipart/related; type="{XML}"', 400),
        (b"x" * (8 << 20), KIND, 400),
        (f"--{BOUNDARY}\r\n".encode() + b"X: y\r\n" * 10_000, KIND, 400),
        (b"<NativeDicomModel>", XML, 400),
        (b"x", "application/json", 415),
        (b"x", "multipart/form-data; boundary=x", 415),
        (bytes(MAX_UPLOAD_BYTES + 1), JSON, 413),
    ],
)
def test_b48_b50_bodies_that_are_wrong_are_refused_as_such(
    shared_web: Web, body: bytes, kind: str, status: int
) -> None:
    assert post(shared_web, body, kind).status_code == status
    assert [path for path in shared_web.archive.blobs.spool_folder.rglob("*") if path.is_file()] == []


def test_gzip_is_refused(shared_web: Web) -> None:
    answer = shared_web.http.post("/studies", content=b"x", headers={"Content-Type": JSON, "Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_a_file_among_metadata_is_not_stored(shared_web: Web, good: Dataset) -> None:
    """Media types of one request are of one kind: what is named by nothing is told of."""
    rest = parts(({"Content-Type": "application/dicom"}, part10(image(ramp()))))
    answer = store(shared_web, JSON, [described(good)], rest)
    assert (answer.status_code, failures(answer.json())) == (202, [("", 0xC003)])


def test_b50_a_connection_that_breaks_leaves_nothing(web: Web, good: Dataset) -> None:
    def broken() -> Iterator[bytes]:
        yield parts(({"Content-Type": JSON}, json.dumps([described(good, "x")]).encode()))[: -len(BOUNDARY) - 6]
        yield f"--{BOUNDARY}\r\nContent-Location: x\r\n\r\n".encode() + bytes(3 << 20)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        post(web, broken(), KIND)
    assert web.json("/studies") == []
    assert [path for path in web.archive.blobs.spool_folder.rglob("*") if path.is_file()] == []
