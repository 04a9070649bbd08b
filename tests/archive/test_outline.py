"""The outline of a data set says the same as a walk through all of it, up to the pixel data."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from archive.dataset_buffer import data_set_buffer
from archive.element_stream import Kind, tokens
from archive.encodings import EXPLICIT_LITTLE, IMPLICIT_LITTLE, Encoding, encoding_of
from archive.errors import NotParsable
from archive.outline import DOUBLE_FLOAT_PIXEL_DATA, FLOAT_PIXEL_DATA, read_outline, walk_outline
from tests.archive.bytes_of import ITEM_END, SEQUENCE_END, UNDEFINED, implicit, item, long, short
from tests.archive.dicom_files import PACKAGED, offset_of, packaged, shared, syntax_of

Found = tuple[dict[int, int], int | None]

_REAL_PIXELS = (FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA)
_PIXELS = long(0x7FE00010, b"OW", b"pixels")


def walked(buffer: memoryview, encoding: Encoding) -> Found:
    """Find where the values begin of the outermost elements, and of the pixel data."""
    values: dict[int, int] = {}
    for token in tokens(buffer, encoding, whole_sequences=True):
        if token.depth:
            continue
        if token.kind is Kind.PIXELS or token.tag in _REAL_PIXELS:
            return values, token.position
        if token.kind in {Kind.ELEMENT, Kind.SEQUENCE}:
            values[token.tag] = token.position
    return values, None


def outlined(buffer: bytes | memoryview, encoding: Encoding, size: int | None = None) -> Found:
    outline = read_outline(buffer, encoding, size)

    def value_at(place: int) -> int:
        return place + encoding.element(bytes(buffer[place : place + 12]), 0)[3]

    pixels = None if outline.pixels is None else value_at(outline.pixels)
    return {tag: value_at(place) for tag, place in outline.places.items()}, pixels


def told_by(find: Callable[[Any, Encoding], Found], buffer: bytes | memoryview, encoding: Encoding) -> Found | str:
    """Give what is found, or what is said to be wrong."""
    try:
        return find(buffer, encoding)
    except NotParsable as error:
        return str(error)


def real_files() -> Iterator[Path]:
    yield from packaged()
    yield from shared("ct")[:20]
    yield from shared("seg_sm")


def test_real_files_have_the_elements_that_a_walk_finds_the_first_time_and_again() -> None:
    for path in real_files():
        encoding = encoding_of(syntax_of(path))
        with data_set_buffer(path, offset_of(path), syntax_of(path)) as buffer:
            expected = told_by(walked, buffer, encoding)
            for content in (buffer, bytes(buffer)):
                assert told_by(outlined, content, encoding) == expected, path.name


def test_the_beginning_up_to_the_header_of_the_pixel_data_is_enough() -> None:
    content = short(0x00100010, b"PN", b"Doe ") + _PIXELS
    enough = len(content) - len(b"pixels")
    assert outlined(content[:enough], EXPLICIT_LITTLE, len(content)) == outlined(content, EXPLICIT_LITTLE)
    for length in range(enough):
        with pytest.raises(NotParsable):
            read_outline(content[:length], EXPLICIT_LITTLE, len(content))


def test_sequences_of_undefined_length_are_passed_over_whatever_they_hold() -> None:
    inner = [
        item(short(0x00081150, b"UI", b"1.2\0")),
        item(b""),
        item(short(0x00081155, b"UI", b"1\0") + ITEM_END, UNDEFINED),
    ]
    fragments = long(0x7FE00010, b"OB", item(b"") + item(b"ab") + SEQUENCE_END, UNDEFINED)
    unknown = item(implicit(0x00081150, b"1.2\0") + ITEM_END, UNDEFINED)
    sequences = [
        long(0x00081140, b"SQ", b"".join(inner) + SEQUENCE_END, UNDEFINED),
        long(0x00091010, b"UN", unknown + SEQUENCE_END, UNDEFINED),
        long(0x00880200, b"SQ", item(fragments + ITEM_END, UNDEFINED) + SEQUENCE_END, UNDEFINED),
        long(0x00990010, b"OB", item(b"ab") + SEQUENCE_END, UNDEFINED),
    ]
    content = b"".join(sequences) + _PIXELS
    assert outlined(content, EXPLICIT_LITTLE) == walked(memoryview(content), EXPLICIT_LITTLE)
    for length in range(len(content) - len(_PIXELS)):
        with pytest.raises(NotParsable):
            read_outline(content[:length], EXPLICIT_LITTLE, len(content))


def test_what_ends_too_early_is_told_like_by_a_walk() -> None:
    for encoding in (EXPLICIT_LITTLE, IMPLICIT_LITTLE):
        content = memoryview(short(0x00100010, b"PN", b"Doe^John") + short(0x00100020, b"LO", b"P1"))
        for length in range(len(content)):
            assert told_by(outlined, content[:length], encoding) == told_by(walked, content[:length], encoding), length


def test_the_long_way_finds_the_same_in_real_files() -> None:
    for path in packaged():
        encoding = encoding_of(syntax_of(path))
        with data_set_buffer(path, offset_of(path), syntax_of(path)) as buffer:
            try:
                outline = read_outline(buffer, encoding)
            except NotParsable:
                continue
            assert walk_outline(buffer, encoding) == outline, path.name


def test_pixels_that_are_longer_than_a_damaged_data_set_are_still_pixels_in_the_next() -> None:
    before, pixels = implicit(0x00100010, b"Doe "), implicit(0x7FE00010, b"pixels")
    with pytest.raises(NotParsable):
        read_outline(before + pixels[:-2], IMPLICIT_LITTLE)
    assert read_outline(before + pixels, IMPLICIT_LITTLE).pixels == len(before)


def test_whatever_is_damaged_the_outline_says_no_more_than_a_walk() -> None:
    random = Random(3)
    for name in ("MR_small_implicit.dcm", "MR_small_bigendian.dcm", "liver_1frame.dcm", "nested_priv_SQ.dcm"):
        path = PACKAGED / name
        encoding, whole = encoding_of(syntax_of(path)), path.read_bytes()[offset_of(path) :]
        for _ in range(500):
            content = bytearray(whole)
            for _ in range(random.choice((1, 2, 5))):
                content[random.randrange(min(len(content), 4000))] = random.randrange(256)
            found, expected = (told_by(find, memoryview(content), encoding) for find in (outlined, walked))
            assert found == expected or isinstance(found, str), name
