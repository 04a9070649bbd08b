"""Frames are found by arithmetic, by offset tables, or by their fragments; never guessed (PS3.5 Section A.4)."""

import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from archive.dataset_buffer import data_set_buffer
from archive.encodings import UNDEFINED
from archive.errors import NotFound, NotParsable, NotTranscodable
from archive.frames import count_frames, encapsulated_frame, index_frames, native_frame
from archive.native_pixels import decode_frame
from archive.pixels import ImagePixels, read_pixels
from tests.archive.dicom_files import PACKAGED, offset_of, packaged, syntax_of

PIXELS = ImagePixels(
    transfer_syntax_uid="1.2.840.10008.1.2.4.50",
    rows=8,
    columns=8,
    samples_per_pixel=1,
    bits_allocated=8,
    bits_stored=8,
    pixel_representation=0,
    planar_configuration=0,
    photometric_interpretation="MONOCHROME2",
    number_of_frames=1,
    real=False,
    vr=b"OB",
    position=0,
    length=UNDEFINED,
)
START = b"\xff\xd8"


def encapsulated(fragments: Sequence[bytes], table: Sequence[int] = ()) -> memoryview:
    items = [struct.pack(f"<{len(table)}I", *table), *fragments]
    joined = b"".join(struct.pack("<HHI", 0xFFFE, 0xE000, len(item)) + item for item in items)
    return memoryview(joined + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0))


def frames(buffer: memoryview, number: int) -> list[bytes]:
    found = index_frames(buffer, replace(PIXELS, number_of_frames=number))
    return [encapsulated_frame(buffer, found, index) for index in range(len(found))]


def test_one_fragment_is_one_frame() -> None:
    assert frames(encapsulated([b"ab", b"cd"]), 2) == [b"ab", b"cd"]


def test_all_fragments_are_the_only_frame() -> None:
    assert frames(encapsulated([b"ab", b"cd", b"ef"]), 1) == [b"abcdef"]


def test_the_offset_table_divides_fragments() -> None:
    assert frames(encapsulated([b"ab", b"cd", b"ef"], [0, 20]), 2) == [b"abcd", b"ef"]


@pytest.mark.parametrize("table", [[0, 12], [20, 0], [0, 0], [4, 20], [0, 1 << 31], [0]])
def test_a_broken_offset_table_is_not_followed(table: list[int]) -> None:
    buffer = encapsulated([START + b"a", b"bc", START + b"d"], table)
    assert frames(buffer, 2) == [START + b"abc", START + b"d"]


def test_frames_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(NotTranscodable):
        frames(encapsulated([b"ab", b"cd", b"ef"]), 2)
    with pytest.raises(NotTranscodable):
        frames(encapsulated([b"ab"]), (1 << 31) - 1)


def test_pixel_data_without_an_end_is_refused() -> None:
    whole = encapsulated([b"ab", b"cd"])
    for length in range(len(whole) - 8):
        with pytest.raises((NotParsable, NotTranscodable)):
            frames(whole[:length], 2)


def test_a_delimiter_inside_a_fragment_ends_nothing() -> None:
    embedded = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    assert frames(encapsulated([embedded, b"ab"]), 2) == [embedded, b"ab"]


def test_b14_frames_that_are_not_there_are_not_looked_for() -> None:
    absurd = replace(PIXELS, rows=65535, columns=65535, number_of_frames=(1 << 31) - 1, length=100)
    assert count_frames(memoryview(bytes(100)), absurd) == 0
    with pytest.raises(NotFound):
        native_frame(memoryview(bytes(100)), absurd, 0)


def test_one_bit_frames_may_begin_inside_a_byte() -> None:
    bits = np.random.default_rng(1).integers(0, 2, (3, 3, 7), dtype=np.uint8)
    buffer = memoryview(np.packbits(bits.reshape(-1), bitorder="little").tobytes())
    pixels = replace(PIXELS, rows=3, columns=7, bits_allocated=1, number_of_frames=3, length=len(buffer))
    assert count_frames(buffer, pixels) == 3
    for index in range(3):
        frame = np.frombuffer(native_frame(buffer, pixels, index), np.uint8)
        assert np.array_equal(np.unpackbits(frame, bitorder="little")[:21].reshape(3, 7), bits[index])


NATIVE = [
    path
    for path in packaged()
    if syntax_of(path) in {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"}
]


@pytest.mark.parametrize("path", NATIVE, ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore")
def test_native_frames_are_those_of_pydicom(path: Path) -> None:
    ds = dcmread(path)
    if "PixelData" not in ds or path.name in {"badVR.dcm", "MR_truncated.dcm", "nested_priv_SQ.dcm"}:
        return
    with data_set_buffer(path, offset_of(path), syntax_of(path)) as buffer:
        pixels = read_pixels(buffer, syntax_of(path))
        assert count_frames(buffer, pixels) == int(ds.get("NumberOfFrames") or 1)
        frame = decode_frame(buffer, pixels, 0, decoder=None)  # type: ignore[arg-type] # nothing is compressed
    expected = ds.pixel_array if pixels.number_of_frames == 1 else ds.pixel_array[0]
    if pixels.photometric_interpretation == "YBR_FULL_422":
        return
    assert np.array_equal(frame.samples, expected)


def test_subsampled_colour_gets_a_sample_for_each_pixel() -> None:
    path = PACKAGED / "SC_ybr_full_422_uncompressed.dcm"
    with data_set_buffer(path, offset_of(path), syntax_of(path)) as buffer:
        pixels = read_pixels(buffer, syntax_of(path))
        frame = decode_frame(buffer, pixels, 0, decoder=None)  # type: ignore[arg-type]
    first = dcmread(path).PixelData[:4]
    assert frame.photometric_interpretation == "YBR_FULL"
    assert frame.samples[0, 0].tolist() == [first[0], first[2], first[3]]
    assert frame.samples[0, 1].tolist() == [first[1], first[2], first[3]]
