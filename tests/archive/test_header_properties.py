"""The header reader against pydicom: the same values for any data set, and no surprise for any bytes."""

from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from archive.header import Header, read_header
from archive.header_attributes import TAGS
from tests.archive.objects import ct_slice, encode
from tests.fuzz.data_sets import REFUSALS

SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
IN_A_FUNCTION_FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

# Only these are written in the data set's character set (PS3.5 Section 6.1.2.3).
WITH_CHARSET = {"LO", "LT", "PN", "SH", "ST", "UC", "UT"}
# pydicom refuses to write these when they are no numbers.
NUMBERS = {"IS", "DS", "US"}
VRS = {tag: pydicom.datadict.dictionary_VR(tag) for tag in TAGS.values() if tag < 1 << 32}
TEXTS = {tag: vr for tag, vr in VRS.items() if vr not in NUMBERS}

any_text = st.text(st.characters(codec="utf-8", exclude_characters="\\=", exclude_categories=["Cc", "Cs"]), max_size=40)
plain_text = st.text("ABC 0123._", max_size=16)
attributes = st.lists(
    st.sampled_from(sorted(TEXTS)).flatmap(
        lambda tag: st.tuples(st.just(tag), any_text if TEXTS[tag] in WITH_CHARSET else plain_text)
    ),
    max_size=12,
).map(dict)
private = st.lists(st.tuples(st.sampled_from(["OB", "UN", "LT", "UT", "OW"]), st.binary(max_size=100)), max_size=6)


def nest(children: st.SearchStrategy[Dataset]) -> st.SearchStrategy[Dataset]:
    return st.builds(with_sequence, attributes, st.lists(children, max_size=3), st.booleans(), st.booleans())


def flat(values: dict[int, str]) -> Dataset:
    data_set = Dataset()
    for tag, value in values.items():
        data_set.add(DataElement(tag, TEXTS[tag], value, validation_mode=pydicom.config.IGNORE))
    return data_set


def with_sequence(values: dict[int, str], items: list[Dataset], open_sequence: bool, open_items: bool) -> Dataset:
    data_set = flat(values)
    for item in items:
        item.is_undefined_length_sequence_item = open_items
    element = DataElement(0x0008_1140, "SQ", Sequence(items))
    element.is_undefined_length = open_sequence
    data_set.add(element)
    return data_set


data_sets = st.recursive(st.builds(flat, attributes), nest, max_leaves=8)


def read(folder: Path, content: bytes, transfer_syntax: str) -> Header:
    path = folder / "object"
    path.write_bytes(content)
    return read_header(path, transfer_syntax, 0)


@IN_A_FUNCTION_FIXTURE
@given(data_sets, private, st.sampled_from(SYNTAXES))
def test_values_are_those_that_were_written(
    tmp_path: Path, data_set: Dataset, others: list[tuple[str, bytes]], transfer_syntax: str
) -> None:
    wanted = {int(element.tag): str(element.value) for element in data_set if element.VR != "SQ"}
    whole = ct_slice()
    whole.update(data_set)
    block = whole.private_block(0x0009, "TEST", create=True)
    for number, (vr, value) in enumerate(others):
        text = vr in ("LT", "UT")
        block.add_new(number, vr, value.hex() if text else value)
    header = read(tmp_path, encode(whole, transfer_syntax), transfer_syntax)
    for name, tag in TAGS.items():
        if tag in wanted:
            assert header.text(name) == wanted[tag].strip()


@IN_A_FUNCTION_FIXTURE
@given(st.binary(max_size=400), st.sampled_from(SYNTAXES))
@example(b"\xfe\xff\x00\xe0\xff\xff\xff\xff", ExplicitVRLittleEndian)
def test_any_bytes_are_refused_with_a_reason(tmp_path: Path, content: bytes, transfer_syntax: str) -> None:
    with pytest.raises(REFUSALS):
        read(tmp_path, content, transfer_syntax)
