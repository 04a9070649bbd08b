"""Objects taken out of the node as metadata and bulk data, in the form in which they can be stored again."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from dicomweb.native_xml import native_xml
from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import path_of

JSON, XML, OCTETS = "application/dicom+json", "application/dicom+xml", "application/octet-stream"
BOUNDARY = "stow-boundary"
AS_STORED = ", ".join(
    f'multipart/related; type="{kind}"; transfer-syntax=*' for kind in ("application/octet-stream", "image/*", "*/*")
)

Part = tuple[Mapping[str, str], bytes]


def metadata_of(web: Web, ds: Dataset) -> dict[str, Any]:
    """Ask for the metadata of an object."""
    (found,) = web.json(f"{path_of(ds)}/metadata")
    assert isinstance(found, dict)
    return found


def bulk_data_of(web: Web, ds: Dataset) -> bytes:
    """Ask for all bulk data of an object, as the parts of a body with `BOUNDARY`; nothing where there is none."""
    answer = web.http.get(f"{path_of(ds)}/bulkdata", headers={"Accept": AS_STORED})
    if answer.status_code == 404:
        return b""
    assert answer.status_code == 200, answer.text
    boundary = answer.headers["content-type"].rpartition("boundary=")[2]
    return answer.content.replace(boundary.encode(), BOUNDARY.encode())


def renamed(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Give the metadata of a copy: another object with the same content."""
    return {**metadata, "00080018": {"vr": "UI", "Value": [generate_uid()]}}


def parts(*given: Part) -> bytes:
    """Write parts, with the end of the body."""
    heads = (b"".join(f"{name}: {value}\r\n".encode() for name, value in head.items()) for head, _ in given)
    pieces = [
        f"--{BOUNDARY}\r\n".encode() + head + b"\r\n" + content + b"\r\n"
        for head, (_, content) in zip(heads, given, strict=True)
    ]
    return b"".join(pieces) + f"--{BOUNDARY}--\r\n".encode()


def bulk(location: str, content: bytes, media_type: str = OCTETS) -> Part:
    """Give a part with bulk data."""
    return {"Content-Type": media_type, "Content-Location": location}, content


def store(
    web: Web, kind: str, data_sets: Sequence[Mapping[str, Any]], rest: bytes = b"", **options: str
) -> httpx.Response:
    """Store metadata and what follows it, which is the end of the body at least."""
    if kind == JSON:
        documents = [json.dumps(data_sets).encode()]
    else:
        documents = [native_xml(dict(sorted(one.items()))) for one in data_sets]
    head = parts(*(({"Content-Type": kind}, document) for document in documents))
    body = head.removesuffix(f"--{BOUNDARY}--\r\n".encode()) + (rest or f"--{BOUNDARY}--\r\n".encode())
    return post(web, body, f'multipart/related; type="{kind}"; boundary={BOUNDARY}', **options)


def post(web: Web, body: Any, content_type: str, path: str = "/studies") -> httpx.Response:
    """Send a body."""
    return web.http.post(path, content=body, headers={"Content-Type": content_type, "Accept": JSON})


def stored(web: Web, answer: httpx.Response) -> Dataset:
    """Read the one object that was stored, from its file."""
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()["00081199"]["Value"]
    uid = item["00081155"]["Value"][0]
    newest = max(map(web.archive.blobs.path, web.archive.blobs.keys()), key=lambda path: path.stat().st_mtime_ns)
    ds = dcmread(newest, force=True)
    assert ds.SOPInstanceUID == uid == ds.file_meta.MediaStorageSOPInstanceUID
    return ds


def without_lengths(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is different in any copy: group lengths, and where the copy is."""
    own = {"00080018", "00080005", "00081190", "00083002"}
    return {tag: element for tag, element in metadata.items() if tag[4:] != "0000" and tag not in own}
