"""Multipart bodies as RFC 2046 Section 5.1.1 lets them be, in whatever pieces they arrive."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomweb.stow_multipart import MalformedBody, MultipartReader
from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, part10, ramp

Part = tuple[dict[bytes, bytes], bytes]


class Parts:
    """Takes parts, and keeps them."""

    def __init__(self) -> None:
        self.found: list[Part] = []
        self._headers: Mapping[bytes, bytes] = {}
        self._content = b""

    def begin(self, headers: Mapping[bytes, bytes]) -> None:
        self._headers, self._content = headers, b""

    def write(self, data: bytes) -> None:
        self._content += data

    def end(self) -> None:
        self.found.append((dict(self._headers), self._content))


def read(body: bytes, boundary: bytes = b"b", size: int = 1 << 20) -> list[Part]:
    parts = Parts()
    reader = MultipartReader(boundary, parts)
    for start in range(0, len(body), size):
        reader.feed(body[start : start + size])
    reader.close()
    return parts.found


_ALIKE = b"\r\n--\r\n--a\r\r\n--bb\r\n--b-\r\n--b \r--"
LEGAL: list[tuple[str, bytes, list[Part]]] = [
    ("a part", b"--b\r\nA: 1\r\n\r\nx\r\n--b--\r\n", [({b"a": b"1"}, b"x")]),
    ("no end of line behind the last boundary", b"--b\r\nA: 1\r\n\r\nx\r\n--b--", [({b"a": b"1"}, b"x")]),
    ("a preamble", b"This is\r\nfor people - \r\n--bc\r\n\r\n--b\r\n\r\nx\r\n--b--", [({}, b"x")]),
    ("an epilogue", b"--b\r\n\r\nx\r\n--b--\r\nmore\r\n--b\r\n\r\ny\r\n--b--", [({}, b"x")]),
    ("an epilogue in the same line", b"--b\r\n\r\nx\r\n--b-- \r\n", [({}, b"x")]),
    ("spaces behind boundaries", b"--b \t\r\n\r\nx\r\n--b\t\r\n\r\ny\r\n--b--  ", [({}, b"x"), ({}, b"y")]),
    ("folded headers", b"--b\r\nA: 1;\r\n\t2;\r\n  3\r\nB:4\r\n\r\n\r\n--b--", [({b"a": b"1; 2; 3", b"b": b"4"}, b"")]),
    ("a header without value", b"--b\r\nA:\r\n\r\n\r\n--b--", [({b"a": b""}, b"")]),
    ("line breaks around the content", b"--b\r\n\r\n\r\n\r\n\r\n--b--", [({}, b"\r\n\r\n")]),
    ("beginnings of boundaries", b"--b\r\n\r\n" + _ALIKE + b"\r\n--b--", [({}, _ALIKE)]),
    ("no parts", b"--b--\r\n", []),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1 << 20])
@pytest.mark.parametrize(("body", "parts"), [row[1:] for row in LEGAL], ids=[row[0] for row in LEGAL])
def test_legal_bodies_are_read_in_pieces_of_any_size(body: bytes, parts: list[Part], size: int) -> None:
    assert read(body, size=size) == parts


_NEARLY = st.lists(st.sampled_from([b"\r", b"\n", b"-", b"--", b"b", b"\r\n", b" ", b"\r\n--", b"x"])).map(b"".join)


@given(
    contents=st.lists(_NEARLY.filter(lambda content: b"\r\n--bound" not in content), max_size=4),
    size=st.integers(1, 40),
)
def test_content_comes_out_as_it_went_in(contents: list[bytes], size: int) -> None:
    body = b"".join(b"--bound\r\n\r\n" + content + b"\r\n" for content in contents) + b"--bound--"
    assert read(body, b"bound", size) == [({}, content) for content in contents]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b"--b\r\n",
        b"--b\r\nA: 1\r\n",
        b"--b\r\nA: 1\r\n\r\nx",
        b"--b\r\nA: 1\r\n\r\nx\r\n--b",
        b"--b\r\nno header\r\n\r\nx\r\n--b--",
        b"--b\r\n: no name\r\n\r\nx\r\n--b--",
        b"--b\r\nA B: 1\r\n\r\nx\r\n--b--",
        b"--b\nA: 1\n\nx\n--b--\n",
        b"x" * (65 << 10) + b"\r\n--b\r\n\r\nx\r\n--b--",
        b"--b\r\nA: " + b"x" * (16 << 10) + b"\r\n\r\nx\r\n--b--",
    ],
)
def test_others_are_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        read(body)


def test_no_boundary_is_longer_than_256() -> None:
    with pytest.raises(MalformedBody):
        read(b"", b"b" * 257)


@pytest.mark.parametrize(
    ("before", "line", "header"),
    [
        (b"For people\r\n", b"\r\n", b"Content-Type: application/dicom"),
        (b"", b" \r\n", b"Content-Type: application/dicom"),
        (b"", b"\r\n", b"Content-Type: application/dicom;\r\n transfer-syntax=1.2.840.10008.1.2.1"),
    ],
    ids=["preamble", "padding", "folding"],
)
def test_objects_are_stored_from_such_bodies(shared_web: Web, before: bytes, line: bytes, header: bytes) -> None:
    """PS3.18 Section 8.6.1.2 takes multipart bodies from RFC 2046."""
    body = before + b"--b" + line + header + b"\r\n\r\n" + part10(image(ramp())) + b"\r\n--b--"
    headers: dict[str, Any] = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'}
    assert shared_web.http.post("/studies", content=body, headers=headers).status_code == 200
