"""Metadata written quickly are the same as metadata written element by element."""

import json
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.dataset_buffer import data_set_buffer
from dicomweb.header_json import header_json
from dicomweb.header_text import HeaderTexts
from tests.archive.dicom_files import offset_of, packaged, shared, syntax_of

_URL = "http://node/dicom-web/studies/1/series/2/instances/3"
_EXPLICIT, _IMPLICIT, _BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"


def slowly(buffer: memoryview, syntax: str) -> dict[str, Any]:
    attributes = header_json(buffer, syntax, f"{_URL}/bulkdata")
    attributes["00080056"] = {"vr": "CS", "Value": ["ONLINE"]}
    attributes["00081190"] = {"vr": "UR", "Value": [_URL]}
    attributes["00083002"] = {"vr": "UI", "Value": [syntax]}
    return dict(sorted(attributes.items()))


def quickly(texts: HeaderTexts, buffer: memoryview, syntax: str) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(texts.write(buffer, syntax, _URL))
    assert list(written) == sorted(written)
    return written


def test_all_real_files_are_described_alike_the_first_time_and_again() -> None:
    texts = HeaderTexts()
    for path in [*packaged(), *shared("sr"), *shared("seg_sm")]:
        with data_set_buffer(path, offset_of(path), syntax_of(path)) as buffer:
            expected = json.loads(json.dumps(slowly(buffer, syntax_of(path))).encode("utf-8", "replace"))
            for _ in range(2):
                assert quickly(texts, buffer, syntax_of(path)) == expected, path.name


def test_the_beginnings_of_real_files_say_the_same_or_nothing() -> None:
    texts = HeaderTexts()
    told = 0
    for path in [*packaged(), *shared("ct")[:40]]:
        with data_set_buffer(path, offset_of(path), syntax_of(path)) as buffer:
            expected = HeaderTexts().write(buffer, syntax_of(path), _URL)
            for length in (1000, 4096, 32_768, len(buffer)):
                content = bytes(buffer[:length])
                found = texts.write_from_beginning(content, len(buffer), syntax_of(path), _URL)
                assert found in {None, expected}, path.name
                told += found is not None
    assert told > 100


def slices(count: int, *, changes: Callable[[int], bytes], charset: bytes = b"ISO_IR 192") -> Iterator[bytes]:
    """Yield data sets with the same elements around one that is another each time."""
    before = element(0x00080005, b"CS", charset) + b"".join(
        element(0x00080060 + 2 * n, b"LO", b"same %d" % n) for n in range(20)
    )
    after = b"".join(element(0x00180010 + 16 * n, b"LO", f"Ä{n}".encode()) for n in range(20))
    pixels = b"\xe0\x7f\x10\x00OW\0\0" + (100_000).to_bytes(4, "little")
    for number in range(count):
        yield before + changes(number) + after + pixels


def test_slices_that_have_most_in_common_are_described_as_each_alone() -> None:
    texts = HeaderTexts()
    kinds = [
        slices(8, changes=lambda number: element(0x00090010, b"LO", b"%d" % number)),
        slices(8, changes=lambda _: element(0x00090010, b"LO", b"other"), charset=b"ISO_IR 100"),
        slices(8, changes=lambda number: element(0x00090010, b"LO", b"x") * (number % 3)),
    ]
    for content in (one for kind in zip(*kinds, strict=True) for one in kind):
        size = len(content) + 100_000
        expected = HeaderTexts().write(memoryview(content + bytes(100_000)), _EXPLICIT, _URL)
        assert texts.write_from_beginning(content, size, _EXPLICIT, _URL) == expected
        assert json.loads(expected) == slowly(memoryview(content + bytes(100_000)), _EXPLICIT)
    assert all(len(learnt.runs.known) >= 1 for learnt in texts._learnt.values() if len(learnt.texts) > 10)


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def test_the_character_set_of_one_instance_is_not_that_of_the_next() -> None:
    texts = HeaderTexts()
    name = element(0x00100010, b"PN", "Ä ".encode())
    for charset, expected in ((b"ISO_IR 192", "Ä"), (b"ISO_IR 100", "Ã\x84"), (b"ISO_IR 192", "Ä")):
        data_set = element(0x00080005, b"CS", charset) + name
        found = quickly(texts, memoryview(data_set), _EXPLICIT)
        assert found["00100010"]["Value"] == [{"Alphabetic": expected}]


def test_the_address_of_one_instance_is_not_that_of_the_next() -> None:
    texts = HeaderTexts()
    data_set = memoryview(element(0x00091010, b"UN", b"")[:4] + b"OB\0\0" + (2000).to_bytes(4, "little") + bytes(2000))
    for number in (1, 2):
        written = json.loads(texts.write(data_set, _EXPLICIT, f"http://node/{number}"))
        assert written["00091010"]["BulkDataURI"] == f"http://node/{number}/bulkdata/00091010"
        assert written["00081190"]["Value"] == [f"http://node/{number}"]


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_data_set_that_breaks_off_is_described_alike(cut: int) -> None:
    sequence = b"\x08\x00\x15\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    whole = element(0x00080060, b"CS", b"CT") + sequence + element(0x00081150, b"UI", b"1.2\0")
    data_set = memoryview(whole[:cut])
    assert quickly(HeaderTexts(), data_set, _EXPLICIT) == slowly(data_set, _EXPLICIT)


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=200), syntax=st.sampled_from([_EXPLICIT, _IMPLICIT, _BIG]))
def test_whatever_the_bytes_are_the_text_is_valid_json(data: bytes, syntax: str) -> None:
    quickly(HeaderTexts(), memoryview(data), syntax)


def test_little_is_kept_of_objects_that_have_nothing_in_common() -> None:
    texts = HeaderTexts()
    for number in range(30_000):
        texts.write(memoryview(element(0x00080018, b"UI", b"1.2.%06d" % number)), _EXPLICIT, _URL)
    assert sum(len(learnt.texts) for learnt in texts._learnt.values()) <= 20_001
