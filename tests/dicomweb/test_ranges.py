"""Parts of answers by byte range (RFC 9110 Section 14, PS3.18 Section 8.6.1)."""

from email import message_from_bytes
from pathlib import Path

import httpx
import numpy as np
import pytest
from pydicom.dataset import Dataset

from dicomweb.ranges import parse_ranges
from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, path_of, saved

DEFLATED, BIG_ENDIAN = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
DOCUMENT = bytes(range(256)) * 20_000


@pytest.fixture
def kept(web: Web, tmp_path: Path) -> Dataset:
    """Keep an object with a value of 5 MB, more than is read at once."""
    ds = image(np.zeros((2, 2), np.uint8), EncapsulatedDocument=DOCUMENT)
    web.receive(saved(ds, tmp_path))
    return ds


def get(web: Web, ds: Dataset, ranges: str, **headers: str) -> httpx.Response:
    return web.http.get(f"{path_of(ds)}/bulkdata/00420011", headers={"Range": ranges, **headers})


@pytest.mark.parametrize(
    ("ranges", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=5119990-", 5_119_990, 5_120_000),
        ("bytes=-7", 5_119_993, 5_120_000),
        ("bytes=100-99999999", 100, 5_120_000),
        ("bytes=1000000-4000000", 1_000_000, 4_000_001),
        ("BYTES= 3 - 5".replace(" ", ""), 3, 6),
    ],
)
def test_one_range_is_one_part(web: Web, kept: Dataset, ranges: str, start: int, stop: int) -> None:
    answer = get(web, kept, ranges)
    assert answer.status_code == 206
    assert answer.content == DOCUMENT[start:stop]
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(DOCUMENT)}"
    assert answer.headers["content-type"] == "application/octet-stream"


def test_several_ranges_are_several_parts(web: Web, kept: Dataset) -> None:
    answer = get(web, kept, "bytes=0-9, 300-305,-4")
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges; boundary=")
    whole = b"Content-Type: " + answer.headers["content-type"].encode() + b"\r\n\r\n" + answer.content
    found = message_from_bytes(whole).get_payload()
    assert isinstance(found, list)
    contents = [(part["content-range"], part.get_payload(decode=True)) for part in found if not isinstance(part, str)]
    assert contents == [
        (f"bytes 0-9/{len(DOCUMENT)}", DOCUMENT[:10]),
        (f"bytes 300-305/{len(DOCUMENT)}", DOCUMENT[300:306]),
        (f"bytes 5119996-5119999/{len(DOCUMENT)}", DOCUMENT[-4:]),
    ]


@pytest.mark.parametrize(
    "ranges",
    [
        *("bytes=5120000-", "bytes=9999999-99999999", "bytes=-0", "bytes=9-1", "bytes=a-b", "bytes=", "bytes=1,2"),
        *("bytes=--1", "bytes=" + ",".join(["0-1"] * 1000), "bytes=" + "9" * 5000 + "-"),
    ],
)
def test_b52_ranges_that_are_not_there_are_416(web: Web, kept: Dataset, ranges: str) -> None:
    answer = get(web, kept, ranges)
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(DOCUMENT)}"


def test_what_is_no_byte_range_is_answered_whole(web: Web, kept: Dataset) -> None:
    assert get(web, kept, "items=0-5").content == DOCUMENT
    # Without a strong validator nobody can tell whether the rest is the same.
    assert get(web, kept, "bytes=0-5", **{"If-Range": 'W/"x"'}).content == DOCUMENT
    whole = web.http.get(f"{path_of(kept)}/bulkdata/00420011")
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.content == DOCUMENT


@pytest.mark.parametrize("syntax", [DEFLATED, BIG_ENDIAN])
def test_ranges_are_of_the_value_whatever_it_is_stored_in(web: Web, tmp_path: Path, syntax: str) -> None:
    samples = np.arange(3000, dtype=np.uint16).reshape(50, 60)
    ds = image(samples)
    if syntax == BIG_ENDIAN:
        ds.PixelData = samples.astype(">u2").tobytes()
        ds["PixelData"].VR = "OW"
    web.receive(saved(ds, tmp_path, syntax))
    whole = samples.tobytes()
    for ranges, expected in (("bytes=5-8", whole[5:9]), ("bytes=-3", whole[-3:]), ("bytes=1000-", whole[1000:])):
        answer = web.http.get(f"{path_of(ds)}/bulkdata/7FE00010", headers={"Range": ranges})
        assert (answer.status_code, answer.content) == (206, expected)


def test_objects_frames_and_documents_have_ranges_too(web: Web, tmp_path: Path) -> None:
    samples = np.arange(300, dtype=np.uint16).reshape(15, 20)
    ds = image(samples)
    web.receive(saved(ds, tmp_path))
    alone = {"Accept": "application/octet-stream", "Range": "bytes=2-5"}
    assert web.http.get(f"{path_of(ds)}/frames/1", headers=alone).content == samples.tobytes()[2:6]
    file = {"Accept": "application/dicom; transfer-syntax=*", "Range": "bytes=128-131"}
    assert web.http.get(path_of(ds), headers=file).content == b"DICM"


def test_ranges_are_read_as_written() -> None:
    assert parse_ranges("0-4,2-2,-1", 10) == [(0, 5), (2, 1), (9, 1)]
    assert parse_ranges("0-4,20-30", 10) == [(0, 5)]
    assert parse_ranges("0-", 0) == []
