"""What HTTP itself offers: entity tags, HEAD, compression (PS3.18 Section 8.4, RFC 9110)."""

import gzip
import json
from pathlib import Path

import httpx
import pytest
from pydicom.dataset import Dataset

from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, path_of, ramp, saved

RESOURCES = ["", "/frames/1", "/rendered", "/frames/1/rendered", "/thumbnail", "/bulkdata/7FE00010", "/pixeldata"]


@pytest.fixture
def ct(web: Web, tmp_path: Path) -> Dataset:
    ds = image(ramp())
    web.receive(saved(ds, tmp_path))
    return ds


@pytest.mark.parametrize("resource", RESOURCES)
def test_what_the_client_has_is_not_sent_again(web: Web, ct: Dataset, resource: str) -> None:
    url = path_of(ct) + resource
    first = web.http.get(url)
    assert first.status_code == 200
    tag = first.headers["etag"]
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = web.http.get(url, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert web.http.get(url, headers={"If-None-Match": '"other"'}).content


def test_a_tag_is_of_one_representation(web: Web, ct: Dataset) -> None:
    url = f"{path_of(ct)}/rendered"
    jpeg = web.http.get(url, headers={"Accept": "image/jpeg"}).headers["etag"]
    assert web.http.get(url, headers={"Accept": "image/png", "If-None-Match": jpeg}).status_code == 200
    assert web.http.get(url, params={"quality": "5"}, headers={"If-None-Match": jpeg}).status_code == 200


def test_a_series_has_another_tag_when_an_image_came(web: Web, ct: Dataset, tmp_path: Path) -> None:
    url = path_of(ct).partition("/instances")[0]
    tag = web.http.get(url).headers["etag"]
    uids = {"StudyInstanceUID": ct.StudyInstanceUID, "SeriesInstanceUID": ct.SeriesInstanceUID}
    web.receive(saved(image(ramp(), InstanceNumber=2, **uids), tmp_path))
    assert web.http.get(url, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("resource", [*RESOURCES, "/metadata"])
def test_head_is_get_without_the_body(web: Web, ct: Dataset, resource: str) -> None:
    url = path_of(ct) + resource
    whole, head = web.http.get(url), web.http.head(url)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "content-length", "accept-ranges"):
        assert head.headers.get(name) == whole.headers.get(name)
    kinds = {answer.headers["content-type"].partition("boundary")[0] for answer in (whole, head)}
    assert len(kinds) == 1


def test_head_says_what_is_not_there(web: Web, ct: Dataset) -> None:
    answer = web.http.head(f"{path_of(ct)}/frames/7")
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.fixture
def many(web: Web, ct: Dataset, tmp_path: Path) -> str:
    uids = {"StudyInstanceUID": ct.StudyInstanceUID, "SeriesInstanceUID": ct.SeriesInstanceUID}
    web.receive(*(saved(image(ramp(), InstanceNumber=number, **uids), tmp_path) for number in range(2, 80)))
    return f"/studies/{ct.StudyInstanceUID}"


def raw(web: Web, path: str, **headers: str) -> tuple[httpx.Headers, bytes]:
    with web.http.stream("GET", path, headers=headers) as answer:
        return answer.headers, b"".join(answer.iter_raw())


@pytest.mark.parametrize("resource", ["/metadata", "/instances"])
def test_json_goes_compressed_to_those_who_take_it(web: Web, many: str, resource: str) -> None:
    headers, compressed = raw(web, many + resource, **{"Accept-Encoding": "br, gzip;q=0.5"})
    assert headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in headers["vary"]
    plain_headers, plain = raw(web, many + resource, **{"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain_headers
    assert gzip.decompress(compressed) == plain
    assert len(json.loads(plain)) == 79
    assert len(compressed) * 3 < len(plain)
    for refused in ("gzip;q=0", "gzip; q=0.0", "br"):
        assert "content-encoding" not in raw(web, many + resource, **{"Accept-Encoding": refused})[0]


def test_pixels_are_not_compressed(web: Web, ct: Dataset) -> None:
    for resource in RESOURCES:
        assert "content-encoding" not in raw(web, path_of(ct) + resource, **{"Accept-Encoding": "gzip"})[0]
