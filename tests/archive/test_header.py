"""The header reader: right values from right data sets, a reason for wrong ones, limits for hostile ones."""

import resource
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)

from archive.element_stream import Kind, tokens
from archive.encodings import EXPLICIT_LITTLE
from archive.errors import LimitExceeded, NotParsable, ObjectTooLarge, UidMismatch
from archive.header import Header, read_header
from archive.limits import Limits
from tests.archive.bytes_of import ITEM_END, SEQUENCE_END, UNDEFINED, identity, implicit, item, long, short
from tests.archive.objects import SERIES, STUDY, ct_slice, encode, sop_uid

ALL = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
PRIVATE = 0x0009_1001

Read = Callable[..., Header]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Give a function that reads the header of bytes."""

    def read_bytes(
        content: bytes, transfer_syntax: str = ExplicitVRLittleEndian, limits: Limits | None = None
    ) -> Header:
        path = tmp_path / "object"
        path.write_bytes(b"before" + content)
        return read_header(path, transfer_syntax, len(b"before"), limits or Limits())

    return read_bytes


@pytest.mark.parametrize("transfer_syntax", ALL)
def test_values_are_read_in_every_encoding(read: Read, transfer_syntax: str) -> None:
    header = read(encode(ct_slice(4, NumberOfFrames="3", InstanceNumber=" 4"), transfer_syntax), transfer_syntax)
    assert (header.study_instance_uid, header.series_instance_uid) == (STUDY, SERIES)
    assert header.sop_instance_uid == sop_uid(4)
    assert header.text("patient_name") == "Doe^Jane"
    assert [header.number(name) for name in ("rows", "bits_allocated", "number_of_frames")] == [16, 16, 3]
    assert header.image_type == ("ORIGINAL", "PRIMARY", "AXIAL")
    assert (header.modality, header.series_description) == ("CT", "Lung 1.0")
    assert header.body_part_examined == header.concept_name_code == ""
    assert header.number("columns") == 16


@pytest.mark.parametrize("transfer_syntax", ALL)
def test_nested_values_are_those_of_the_first_item(read: Read, transfer_syntax: str) -> None:
    requests = [Dataset(), Dataset()]
    for number, request in enumerate(requests):
        request.RequestedProcedureID = f"R{number}"
        request.ScheduledProcedureStepID = f"S{number}"
    title, modifier = Dataset(), Dataset()
    title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning = "126000", "DCM", "Imaging Report"
    modifier.CodeValue, modifier.CodingSchemeDesignator, modifier.CodeMeaning = "1", "99X", "wrong"
    title.ConceptNameCodeSequence = Sequence([modifier])
    data_set = ct_slice(RequestAttributesSequence=Sequence(requests), ConceptNameCodeSequence=Sequence([title]))
    header = read(encode(data_set, transfer_syntax), transfer_syntax)
    assert (header.text("requested_procedure_id"), header.text("scheduled_procedure_step_id")) == ("R0", "S0")
    assert header.concept_name_code == "126000^DCM^Imaging Report"


def test_the_header_of_a_large_object_is_read_without_its_pixels(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.write(encode(ct_slice(PixelData=None)) + long(0x7FE0_0010, b"OW", b"", 3 << 30))
        file.truncate(file.tell() + (3 << 30))
    before = resource.getrusage(resource.RUSAGE_SELF)
    assert read_header(path, ExplicitVRLittleEndian, 0).number("rows") == 16
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.2
    assert after.ru_maxrss - before.ru_maxrss < 8_000


@pytest.mark.parametrize("fragment", [0, 2, 300, 70_000])
def test_fragments_of_pixel_data_are_passed_over_and_what_follows_is_read(read: Read, fragment: int) -> None:
    pixels = item(b"") + item(bytes(fragment)) * 20 + SEQUENCE_END
    content = identity() + long(0x7FE0_0010, b"OB", pixels, UNDEFINED) + long(0xFFFC_FFFC, b"OB", bytes(10))
    assert read(content, JPEG2000Lossless).sop_instance_uid == "1.2.3.4.5"


def test_padding_and_control_characters_are_not_part_of_values(read: Read) -> None:
    header = read(identity() + short(0x0010_0010, b"PN", b"  A^B\0\0  ") + short(0x0010_0020, b"LO", b"\0\0"))
    assert (header.text("patient_name"), header.text("patient_id")) == ("A^B", "")


@pytest.mark.parametrize(("value", "number"), [(b"12", 12), (b" 12 ", 12), (b"7\\8", 7), (b"1.5", None), (b"x", None)])
def test_numbers_in_text_are_read_as_far_as_they_are_some(read: Read, value: bytes, number: int | None) -> None:
    assert read(identity() + short(0x0028_0008, b"IS", value)).number("number_of_frames") == number


def test_binary_numbers_of_wrong_length_do_no_harm(read: Read) -> None:
    header = read(identity() + short(0x0028_0010, b"US", b"") + short(0x0028_0011, b"US", b"\2\0\3\0"))
    assert (header.number("rows"), header.number("columns")) == (None, 2)


def test_un_of_undefined_length_is_a_sequence_in_implicit_vr(read: Read) -> None:
    inner = implicit(PRIVATE, item(implicit(0x0008_0018, b"9.9") + ITEM_END, UNDEFINED) + SEQUENCE_END, UNDEFINED)
    content = identity() + long(PRIVATE, b"UN", item(inner) + SEQUENCE_END, UNDEFINED)
    assert read(content).sop_instance_uid == "1.2.3.4.5"


def test_a_future_vr_is_passed_over(read: Read) -> None:
    assert read(identity() + long(PRIVATE, b"QQ", b"1234")).sop_instance_uid == "1.2.3.4.5"


@pytest.mark.parametrize(
    "tail",
    [
        short(PRIVATE, b"LO", b"abcd")[:-1],
        short(PRIVATE, b"LO", b"abcd")[:5],
        long(PRIVATE, b"OB", b"abcd", 0x7FFF_FFFF),
        long(PRIVATE, b"OB", b"abcd")[:9],
        short(PRIVATE, b"L1", b""),
        short(PRIVATE, b"\0\0", b""),
        long(PRIVATE, b"UT", b"", UNDEFINED),
        long(PRIVATE, b"SQ", item(b""), UNDEFINED),
        long(PRIVATE, b"SQ", short(PRIVATE, b"LO", b"ab") + SEQUENCE_END, UNDEFINED),
        long(PRIVATE, b"SQ", item(short(PRIVATE, b"LO", b"ab"), 200)),
        long(PRIVATE, b"SQ", item(short(PRIVATE, b"LO", b"ab") + SEQUENCE_END, UNDEFINED) + SEQUENCE_END, UNDEFINED),
        long(PRIVATE, b"SQ", item(short(PRIVATE, b"LO", b"abcdef")), 20),
        long(PRIVATE, b"OB", item(b"", 5_000) + SEQUENCE_END, UNDEFINED),
        long(PRIVATE, b"OB", item(b"", UNDEFINED) + SEQUENCE_END, UNDEFINED),
        ITEM_END,
        SEQUENCE_END,
        item(b"", 200),
        item(b"", UNDEFINED) + ITEM_END,
        long(PRIVATE, b"SQ", item(item(b""))),
        b"\1",
        bytes(3),
        bytes(64),
        long(PRIVATE, b"SQ", item(long(PRIVATE, b"OB", b"odd") + b"\0")),
    ],
    ids=lambda tail: f"{len(tail)} {bytes(tail)[4:12].hex()}",
)
def test_what_is_not_well_formed_is_refused_to_its_end(read: Read, tail: bytes) -> None:
    with pytest.raises(NotParsable) as refused:
        read(identity() + tail)
    assert refused.value.detail
    assert "1.2.3" not in str(refused.value)


ITEM_OUTSIDE = item(short(0x0008_0100, b"SH", b"ABCD"))


@pytest.mark.parametrize("outside", [item(b""), ITEM_OUTSIDE, ITEM_OUTSIDE * 2], ids=["empty", "one", "two"])
def test_items_behind_a_sequence_of_length_0_are_passed_over(read: Read, outside: bytes) -> None:
    header = read(identity() + long(PRIVATE, b"SQ", b"") + outside + short(0x0028_0010, b"US", b"\x10\0"))
    assert header.number("rows") == 16


def test_what_follows_an_item_outside_a_sequence_replaces_nothing(read: Read) -> None:
    elsewhere = identity().replace(b"1.2.3", b"9.8.7")
    header = read(identity() + item(b"") + elsewhere + short(0x0008_0060, b"CS", b"CT"))
    assert (header.sop_instance_uid, header.study_instance_uid) == ("1.2.3.4.5", "1.2.3")
    assert header.modality == "CT"


def test_items_outside_sequences_are_no_attributes(read: Read) -> None:
    content = identity() + long(PRIVATE, b"SQ", b"") + ITEM_OUTSIDE + short(0x0028_0010, b"US", b"\x10\0")
    read(content)
    tags = [token.tag for token in tokens(memoryview(content), EXPLICIT_LITTLE) if token.kind is Kind.ELEMENT]
    assert tags == [0x0008_0016, 0x0008_0018, 0x0020_000D, 0x0020_000E, 0x0028_0010]


def test_a_nul_behind_a_data_set_of_odd_length_is_none_of_it(read: Read) -> None:
    content = identity() + short(0x0028_0010, b"US", b"\x10\0") + long(PRIVATE, b"OB", b"odd") + b"\0"
    assert read(content).number("rows") == 16
    assert [token.tag for token in tokens(memoryview(content), EXPLICIT_LITTLE)][-1] == PRIVATE


def test_an_empty_data_set_is_refused(read: Read) -> None:
    with pytest.raises(NotParsable):
        read(b"")


@pytest.mark.parametrize("uid", [b"../../x", b"1.2\0.3", b"1." * 33, b"1.2 3", b"\xff"])
@pytest.mark.parametrize("tag", [0x0008_0016, 0x0008_0018, 0x0020_000D, 0x0020_000E])
def test_an_invalid_uid_is_refused(read: Read, tag: int, uid: bytes) -> None:
    with pytest.raises(NotParsable):
        read(identity() + short(tag, b"UI", uid))


def test_missing_uids_of_study_and_series_are_a_mismatch(read: Read) -> None:
    with pytest.raises(UidMismatch):
        read(identity() + short(0x0020_000E, b"UI", b""))


def nested(depth: int, length: int = UNDEFINED) -> bytes:
    content = b""
    for _ in range(depth):
        if length == UNDEFINED:
            content = long(PRIVATE, b"SQ", item(content + ITEM_END, UNDEFINED) + SEQUENCE_END, UNDEFINED)
        else:
            content = long(PRIVATE, b"SQ", item(content))
    return content


@pytest.mark.parametrize("length", [UNDEFINED, 0], ids=["undefined", "defined"])
def test_sequences_may_be_a_hundred_deep(read: Read, length: int) -> None:
    assert read(identity() + nested(100, length)).sop_instance_uid == "1.2.3.4.5"
    with pytest.raises(LimitExceeded):
        read(identity() + nested(101, length))


def test_twenty_thousand_sequences_inside_each_other_are_refused(read: Read) -> None:
    opening = long(PRIVATE, b"SQ", item(b"", UNDEFINED), UNDEFINED)
    with pytest.raises(LimitExceeded):
        read(identity() + opening * 20_000)


@pytest.mark.parametrize(
    "flood",
    [
        long(PRIVATE, b"SQ", item(b"") * 1_000_000 + SEQUENCE_END, UNDEFINED),
        long(PRIVATE, b"SQ", (item(ITEM_END, UNDEFINED)) * 1_000_000 + SEQUENCE_END, UNDEFINED),
        short(PRIVATE, b"LO", b"") * 1_000_000,
        long(PRIVATE, b"SQ", item(b"")) * 500_000,
        long(0x7FE0_0010, b"OB", item(b"") * 1_000_000 + SEQUENCE_END, UNDEFINED),
        item(b"") * 1_000_000,
    ],
    ids=["items", "open items", "elements", "sequences", "fragments", "items outside sequences"],
)
def test_a_million_elements_or_items_are_refused_quickly(read: Read, flood: bytes) -> None:
    began = time.process_time()
    with pytest.raises(LimitExceeded):
        read(identity() + flood)
    assert time.process_time() - began < 2


def deflate(*parts: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return b"".join([*(deflater.compress(part) for part in parts), deflater.flush()])


def test_a_deflated_bomb_is_refused_with_flat_memory(read: Read) -> None:
    zeros = bytes(1 << 20)
    bomb = deflate(identity(), long(0x7FE0_0010, b"OW", b"", 300 << 20), *[zeros] * 300)
    assert len(bomb) < 400_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ObjectTooLarge):
        read(bomb, DeflatedExplicitVRLittleEndian)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64_000


def test_a_deflated_header_bomb_is_refused_with_flat_memory(read: Read) -> None:
    zeros = bytes(1 << 20)
    bomb = deflate(identity(), long(PRIVATE, b"SQ", b"", UNDEFINED), *[zeros] * 300)
    with pytest.raises(NotParsable):
        read(bomb, DeflatedExplicitVRLittleEndian)


@pytest.mark.parametrize("cut", [1, 30, 100])
def test_a_truncated_deflate_stream_is_refused(read: Read, cut: int) -> None:
    content = deflate(identity(), long(0x7FE0_0010, b"OW", bytes(range(256)) * 400))
    with pytest.raises(NotParsable):
        read(content[:-cut], DeflatedExplicitVRLittleEndian)


def test_what_is_not_deflated_is_refused(read: Read) -> None:
    with pytest.raises(NotParsable):
        read(identity(), DeflatedExplicitVRLittleEndian)


def test_a_value_that_is_cut_for_the_index_may_cross_what_is_read_at_once(read: Read) -> None:
    for filler in range(32_600, 32_800, 7):
        content = short(PRIVATE, b"LO", bytes(100)) + long(PRIVATE + 1, b"OB", bytes(filler))
        tail = short(0x0010_4000, b"LT", b"c" * 300) + identity()
        header = read(content + tail)
        assert header.text("patient_comments") == "c" * 300


def test_uids_with_long_padding_are_read_but_not_kept_in_memory(read: Read) -> None:
    read(encode(ct_slice(1)))
    tracemalloc.start()
    try:
        for number in range(250):
            content = short(0x0008_0016, b"UI", b"1.2") + short(0x0008_0018, b"UI", b"1.%d" % number + bytes(16_000))
            content += short(0x0020_000D, b"UI", b"1.3") + short(0x0020_000E, b"UI", b"1.4")
            assert read(content).sop_instance_uid == f"1.{number}"
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()
