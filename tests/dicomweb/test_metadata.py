"""Metadata in the DICOM JSON Model (PS3.18 Annex F): the same as pydicom's, and valid whatever the data set holds."""

import json
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset, config, dcmread

from archive.dataset_buffer import data_set_buffer
from dicomweb.header_json import header_json
from tests.archive.dicom_files import offset_of, packaged, shared, syntax_of
from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, part10, path_of, ramp, saved

# Cut off or encoded otherwise than they say; and one whose VRs pydicom changes by the private dictionary.
LEFT_OUT = {"MR_truncated.dcm", "rtplan_truncated.dcm", "SC_rgb_jpeg.dcm", "badVR.dcm", "nested_priv_SQ.dcm"}
FILES = [path for path in packaged() if path.name not in LEFT_OUT] + shared("sr") + shared("seg_sm")


@pytest.fixture
def tolerant() -> Iterator[None]:
    """Let pydicom read what is wrong in its own files without a word."""
    mode = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.IGNORE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    config.settings.reading_validation_mode = mode


def described(path: Path) -> dict[str, Any]:
    with data_set_buffer(path, offset_of(path), syntax_of(path)) as buffer:
        return header_json(buffer, syntax_of(path), "http://node/bulkdata")


def bytes_described(data_set: bytes, folder: Path, transfer_syntax: str = "1.2.840.10008.1.2.1") -> dict[str, Any]:
    (folder / "data").write_bytes(data_set)
    with data_set_buffer(folder / "data", 0, transfer_syntax) as buffer:
        return header_json(buffer, transfer_syntax, "http://node/bulkdata")


def differences(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Name attributes that differ. Empty values may be written in two ways, and private ones are of unknown VR."""
    named = []
    for tag, element in expected.items():
        other = found.get(tag)
        if tag == "00080005" or int(tag[:4], 16) % 2 or tag.endswith("0000"):
            continue
        if other is None:
            named.append(tag)
        elif element["vr"] == "SQ":
            for pair in zip(element.get("Value", []), other.get("Value", []), strict=True):
                named += differences(*pair)
        elif "BulkDataURI" not in other and _plain(element) != _plain(other):
            named.append(f"{tag}: {element} is {other}")
    return named


def _plain(element: dict[str, Any]) -> Any:
    values = [_plain_name(value) or None for value in element.get("Value", [])]
    return element["vr"], [value for value in values if value is not None], element.get("InlineBinary")


def _plain_name(value: Any) -> Any:
    if isinstance(value, dict):
        return {group: name for group, name in value.items() if name.strip("^ ")}
    return value.strip() if isinstance(value, str) else value


@pytest.mark.usefixtures("tolerant")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_metadata_is_that_of_pydicom(path: Path) -> None:
    expected = dcmread(path).to_json_dict(1024, lambda _element: "elsewhere", suppress_invalid_tags=True)
    assert differences(expected, described(path)) == []


@pytest.mark.usefixtures("tolerant")
@pytest.mark.parametrize("path", shared("charsets"), ids=lambda path: path.name)
def test_names_of_every_character_set_are_utf8(path: Path) -> None:
    found = json.loads(json.dumps(described(path), ensure_ascii=False, allow_nan=False).encode())
    ds = dcmread(path)
    if "PatientName" in ds and "\x1b" not in str(ds.PatientName) and "�" not in str(ds.PatientName):
        groups = found["00100010"].get("Value", [{}])[0]
        assert groups.get("Alphabetic", "").rstrip("^") == ds.PatientName.alphabetic.strip().rstrip("^")


def test_small_binary_values_are_inline_and_large_ones_behind_a_uri(tmp_path: Path) -> None:
    ds = image(ramp(), EncapsulatedDocument=b"x" * 2000)
    ds.add_new(0x00091001, "OB", b"1234")
    ds.add_new(0x00090010, "LO", "TEST")
    found = described(saved(ds, tmp_path))
    assert found["00091001"] == {"vr": "OB", "InlineBinary": "MTIzNA=="}
    assert found["00420011"] == {"vr": "OB", "BulkDataURI": "http://node/bulkdata/00420011"}
    assert found["7FE00010"]["BulkDataURI"] == "http://node/bulkdata/7FE00010"


def test_bulk_data_in_sequences_is_found_by_item(tmp_path: Path) -> None:
    icon = Dataset()
    icon.PixelData = b"x" * 2000
    icon["PixelData"].VR = "OB"
    ds = image(ramp(), IconImageSequence=[icon])
    found = described(saved(ds, tmp_path))
    (item,) = found["00880200"]["Value"]
    assert item["7FE00010"]["BulkDataURI"] == "http://node/bulkdata/00880200/1/7FE00010"


@pytest.mark.parametrize(
    ("element", "value"),
    [
        (b"\x10\x00\x10\x00PN\x06\x00A\xff\xfeB\x1b$", [{"Alphabetic": "Aÿþ"}]),
        (b"\x10\x00\x10\x00PN\x06\x00\xe2\x80\xae^x ", [{"Alphabetic": "\u202e^x"}]),
        (b"\x20\x00\x13\x00IS\x04\x00abc ", None),
        (b"\x20\x00\x13\x00IS\x06\x001\\x\\2 ", [1, None, 2]),
        (b"\x28\x00\x50\x10DS\x04\x00nan ", None),
        (b"\x28\x00\x50\x10DS\x06\x001e999 ", None),
        (b"\x28\x00\x50\x10DS\x08\x0012,5\\ 3 ", [None, 3.0]),
        (b"\x18\x00\x74\x90FD\x08\x00\x00\x00\x00\x00\x00\x00\xf8\x7f", None),
        (b"\x28\x00\x10\x00US\x03\x00\x01\x00\x02", [1]),
        (b"\x08\x00\x08\x00CS\x06\x00A\\\\B  ", ["A", None, "B"]),
    ],
)
def test_b46_broken_values_are_shown_as_far_as_they_go(tmp_path: Path, element: bytes, value: list[Any] | None) -> None:
    (found,) = bytes_described(element, tmp_path).values()
    json.dumps(found, allow_nan=False).encode()
    if value is None or "Alphabetic" not in str(value):
        assert found.get("Value") == value
    else:
        assert found["vr"] == "PN"


def test_a_data_set_that_breaks_off_is_shown_up_to_there(tmp_path: Path) -> None:
    whole = b"\x10\x00\x20\x00LO\x02\x0042"
    assert bytes_described(whole + b"\x10\x00\x30\x00DA\x08\x001970", tmp_path) == {
        "00100020": {"vr": "LO", "Value": ["42"]}
    }


def test_depth_costs_no_recursion(tmp_path: Path) -> None:
    open_items = (b"\x40\x00\x30\xa7SQ\x00\x00\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff") * 5000
    assert "0040A730" in bytes_described(open_items, tmp_path)


def test_metadata_says_where_and_how_the_object_is_had(web: Web, tmp_path: Path) -> None:
    ds = image(ramp())
    web.receive(saved(ds, tmp_path, "1.2.840.10008.1.2"))
    for level in ("", "/series/" + ds.SeriesInstanceUID, path_of(ds).removeprefix(f"/studies/{ds.StudyInstanceUID}")):
        (found,) = web.json(f"/studies/{ds.StudyInstanceUID}{level}/metadata")
        assert found["00081190"]["Value"] == [web.url + path_of(ds)]
        assert found["00083002"]["Value"] == ["1.2.840.10008.1.2"]
        assert found["00080005"]["Value"] == ["ISO_IR 192"]
    answer = web.http.get(f"{path_of(ds)}/metadata", headers={"Accept": "application/dicom+json"})
    assert answer.headers["content-type"] == "application/dicom+json"
    assert web.http.get(f"{path_of(ds)}/metadata", headers={"Accept": "text/html"}).status_code == 406
    assert web.http.get("/studies/1.2.3/metadata").status_code == 404
    assert web.http.get("/studies/no-uid/metadata").status_code == 404


def test_bulk_data_is_given_alone_and_in_parts(web: Web, tmp_path: Path) -> None:
    icon = Dataset()
    icon.PixelData = b"icon" * 500
    icon["PixelData"].VR = "OB"
    ds = image(ramp(), EncapsulatedDocument=b"%PDF" * 1000, IconImageSequence=[icon])
    web.receive(saved(ds, tmp_path))
    (metadata,) = web.json(f"{path_of(ds)}/metadata")
    alone = web.http.get(metadata["00420011"]["BulkDataURI"], headers={"Accept": "application/octet-stream"})
    assert alone.content == b"%PDF" * 1000
    assert alone.headers["content-length"] == "4000"
    wanted = "multipart/related; type=application/octet-stream"
    parts = web.http.get(metadata["00420011"]["BulkDataURI"], headers={"Accept": wanted})
    assert parts.headers["content-type"].startswith('multipart/related; type="application/octet-stream"')
    assert b"%PDF" * 1000 in parts.content
    nested = metadata["00880200"]["Value"][0]["7FE00010"]["BulkDataURI"]
    assert web.http.get(nested, headers={"Accept": "application/octet-stream"}).content == b"icon" * 500
    pixels = web.http.get(metadata["7FE00010"]["BulkDataURI"], headers={"Accept": "application/octet-stream"})
    assert pixels.content == ds.PixelData
    for wrong in ("00100099", "7FE00010/1", "00880200/2/7FE00010", "00880200/0/7FE00010", "../../x"):
        assert web.http.get(f"{path_of(ds)}/bulkdata/{wrong}").status_code == 404


def test_metadata_of_a_long_series_comes_in_order(web: Web, tmp_path: Path) -> None:
    first = image(ramp())
    uids = {"StudyInstanceUID": first.StudyInstanceUID, "SeriesInstanceUID": first.SeriesInstanceUID}
    for number in range(70, 0, -1):
        web.receive(saved(image(ramp(), InstanceNumber=number, **uids), tmp_path))
    found = web.json(f"/studies/{first.StudyInstanceUID}/series/{first.SeriesInstanceUID}/metadata")
    assert [item["00200013"]["Value"][0] for item in found] == list(range(1, 71))


def test_a_written_file_is_read_back(tmp_path: Path) -> None:
    ds = image(ramp())
    again = dcmread(BytesIO(part10(ds)))
    assert again.PatientName == "Doe^John"
    assert described(saved(ds, tmp_path))["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "Doe^John"}]}


def test_private_attributes_can_be_left_out_and_nothing_else(tmp_path: Path) -> None:
    ds = image(ramp())
    ds.add_new(0x00191010, "LO", "private")
    inner = Dataset()
    inner.add_new(0x00191011, "LO", "private")
    inner.StudyID = "S2"
    ds.RequestAttributesSequence = [inner]
    file = saved(ds, tmp_path)
    data, syntax = memoryview(file.read_bytes())[offset_of(file) :], syntax_of(file)
    whole, public = (header_json(data, syntax, "", private=private) for private in (True, False))
    assert "00191010" in whole
    assert public.pop("00400275")["Value"] == [{"00200010": {"vr": "SH", "Value": ["S2"]}}]
    assert public == {tag: whole[tag] for tag in whole if tag not in {"00191010", "00400275"}}


@settings(max_examples=300, deadline=None)
@given(
    data=st.binary(max_size=300),
    syntax=st.sampled_from(["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"]),
)
def test_whatever_the_bytes_are_the_json_is_valid(data: bytes, syntax: str) -> None:
    found = header_json(memoryview(data), syntax, "http://node/bulkdata")
    json.loads(json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8"))
