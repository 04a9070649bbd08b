"""The attributes of an image, described one by one when they are asked for, are those of the whole description."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from pydicom import Dataset, Sequence

from archive.dataset_buffer import data_set_buffer
from archive.errors import NotFound
from archive.retrieve import StoredInstance
from dicomweb.data_set_beginning import DataSetBeginning, read_beginning
from dicomweb.header_json import header_json
from dicomweb.rendering.attributes import INLINE_BYTES
from dicomweb.rendering.image_header import ImageHeader
from isocenter.part10 import describe
from tests.archive.dicom_files import offset_of, packaged, shared, syntax_of
from tests.dicomweb.objects import image, part10, ramp, saved

_IMPLICIT, _BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"


class _File:
    """As much of a stored instance as is needed to read it."""

    def __init__(self, path: Path) -> None:
        self.transfer_syntax_uid = syntax_of(path)
        self.data_offset = offset_of(path)


def beginning_of(path: Path) -> DataSetBeginning | None:
    return read_beginning(path, cast("StoredInstance", _File(path)))


def whole_header(path: Path) -> dict[str, Any]:
    with data_set_buffer(path, offset_of(path), syntax_of(path)) as buffer:
        return header_json(buffer, syntax_of(path), "", inline_bytes=INLINE_BYTES, private=False)


def assert_alike(path: Path) -> None:
    beginning = beginning_of(path)
    assert beginning is not None, path.name
    whole, header = whole_header(path), ImageHeader(beginning)
    for tag in [tag for tag in whole if tag < "7FE00008"]:
        assert header[tag] == header.get(tag) == whole[tag], (path.name, tag)
    assert header.get("00091234", {}) == {}
    assert len(header) == len(list(header))


def test_real_images_have_the_same_attributes_the_first_time_and_again() -> None:
    read = [path for path in [*packaged(), *shared("ct")[:10]] if beginning_of(path) is not None]
    assert len(read) >= 50
    for path in read + read:
        assert_alike(path)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", _IMPLICIT, _BIG])
def test_character_set_sign_and_sequences_are_read_as_they_are_meant(tmp_path: Path, syntax: str) -> None:
    for signed, charset, name in [(0, "ISO_IR 192", "Ä"), (1, "ISO_IR 100", "Ä"), (0, "ISO_IR 100", "Ö")] * 2:
        ds = image(ramp().astype(np.int16 if signed else np.uint16), SpecificCharacterSet=charset, PatientName=name)
        ds.SmallestImagePixelValue = -5 if signed else 65_531
        ds.add_new(0x00280106, "SS" if signed else "US", -5 if signed else 65_531)
        shared_groups = Dataset()
        shared_groups.FrameVOILUTSequence = Sequence([Dataset()])
        shared_groups.FrameVOILUTSequence[0].WindowCenter = 40
        ds.SharedFunctionalGroupsSequence = Sequence([shared_groups])
        ds["SharedFunctionalGroupsSequence"].is_undefined_length = bool(signed)
        assert_alike(saved(ds, tmp_path, syntax))


def test_what_has_too_much_before_its_pixels_or_an_attribute_behind_them_is_left_to_others(tmp_path: Path) -> None:
    large = image(ramp())
    large.add_new(0x00091010, "OB", bytes(2 << 20))
    assert beginning_of(saved(large, tmp_path)) is None
    behind = tmp_path / "behind"
    behind.write_bytes(part10(image(ramp())) + b"\x28\0\x50\x10DS\2\x0040")
    assert beginning_of(behind) is None
    padded = tmp_path / "padded"
    padded.write_bytes(part10(image(ramp())) + b"\xfc\xff\xfc\xffOB\0\0\4\0\0\0\0\0\0\0")
    assert_alike(padded)


def test_of_a_large_image_only_the_beginning_is_read(tmp_path: Path) -> None:
    path = saved(image(np.zeros((1024, 2048), np.uint16)), tmp_path)
    beginning = beginning_of(path)
    assert beginning is not None
    assert len(beginning.content) == 1 << 20 < beginning.size
    assert not beginning.is_whole
    assert_alike(path)


def damaged() -> Iterator[bytes]:
    whole = part10(image(ramp()))
    yield from (whole[: len(whole) - cut] for cut in (1, 700, 800, 900))
    yield whole.replace(b"CS", b"C?")


def test_a_damaged_image_or_none_has_no_beginning_that_serves(tmp_path: Path) -> None:
    for number, content in enumerate(damaged()):
        path = tmp_path / str(number)
        path.write_bytes(content)
        assert beginning_of(path) is None, number
    with pytest.raises(NotFound):
        read_beginning(tmp_path / "none", describe(saved(image(ramp()), tmp_path)))
