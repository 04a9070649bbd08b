"""Whatever metadata holds, it becomes a well-formed data set or is refused."""

import json
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.elements import Walk
from archive.encodings import EXPLICIT_LITTLE
from archive.errors import NotParsable
from archive.limits import Limits
from archive.sources import FileSource
from dicomweb.native_xml import native_xml
from dicomweb.stow_bulk import BulkParts, uris_of
from dicomweb.stow_documents import Malformed, read_json, read_xml
from dicomweb.stow_pieces import Pieces
from dicomweb.stow_writing import DataSetWriter

VRS = [
    "AE",
    "AT",
    "CS",
    "DS",
    "FD",
    "FL",
    "IS",
    "LO",
    "LT",
    "OB",
    "OW",
    "PN",
    "SQ",
    "SS",
    "SV",
    "UI",
    "UN",
    "US",
    "UT",
    "X",
]
TAGS = [
    "00080018",
    "00100010",
    "00280010",
    "7FE00010",
    "00081140",
    "0009",
    "00091001",
    "00080005",
    "FFFEE000",
    "00020010",
]
_VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6)
_NAMES = st.fixed_dictionaries({"Alphabetic": st.text(max_size=6) | st.none()})


def _data_sets(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    element = st.fixed_dictionaries(
        {"vr": st.sampled_from(VRS)},
        optional={"Value": st.lists(inner, max_size=3), "InlineBinary": st.sampled_from(["", "AQ==", "AQI", "?"])},
    )
    return st.dictionaries(st.sampled_from(TAGS), element, max_size=4)


DATA_SETS = _data_sets(st.recursive(_VALUES | _NAMES, _data_sets, max_leaves=8))


@given(DATA_SETS)
@example({"7FE00010": {"vr": "SQ", "Value": [None]}})
def test_a_data_set_is_well_formed_or_refused(data_set: dict[str, Any]) -> None:
    pieces = Pieces(Path(gettempdir()))
    written = bytearray()
    try:
        list(uris_of(data_set))
        DataSetWriter(written.extend, pieces, BulkParts("http://x/"), None).write(data_set, frozenset())
    except NotParsable:
        return
    with TemporaryFile() as file:
        file.write(written)
        file.flush()
        Walk(FileSource(file.fileno(), 0), EXPLICIT_LITTLE, {}, Limits()).run()


@pytest.fixture
def pieces(tmp_path: Path) -> Any:
    opened = Pieces(tmp_path)
    yield opened
    opened.close()


def read(pieces: Pieces, kind: str, document: bytes) -> list[Any]:
    pieces.begin()
    pieces.write(document)
    span = pieces.end()
    if kind == "xml":
        return [read_xml(pieces, span, Limits())]
    return list(read_json(pieces, span, Limits()))


@pytest.mark.parametrize(
    "data_sets",
    [
        [],
        [{}],
        [{}, {}],
        [{"00100020": {"vr": "LO", "Value": ['a"[{\\', "}]"]}}, {"00100020": {"vr": "LO", "Value": ["Ü", "\u20ac"]}}],
        [{"00081140": {"vr": "SQ", "Value": [{}, {"00081140": {"vr": "SQ", "Value": [{}]}}]}}],
    ],
)
def test_an_array_is_taken_apart_as_json_has_it(pieces: Pieces, data_sets: list[Any]) -> None:
    for text in (
        json.dumps(data_sets),
        json.dumps(data_sets, indent=2, ensure_ascii=False),
        f"\ufeff {json.dumps(data_sets)}\n",
    ):
        assert read(pieces, "json", text.encode()) == data_sets


@given(st.text(alphabet='[]{},:"\\ a1', max_size=24))
def test_what_json_does_not_take_is_not_taken_here(text: str) -> None:
    pieces = Pieces(Path(gettempdir()))
    try:
        expected = json.loads(text)
    except ValueError:
        expected = None
    try:
        found = read(pieces, "json", text.encode())
    except Malformed:
        found = None
    finally:
        pieces.close()
    if isinstance(expected, list) and all(isinstance(one, dict) for one in expected):
        assert found == expected
    else:
        assert found is None or any(isinstance(one, Malformed) for one in found)


def test_values_that_xml_leaves_out_are_empty(pieces: Pieces) -> None:
    """PS3.19 Section A.1.5: values have numbers, because empty ones need not be there."""
    document = native_xml({"00080008": {"vr": "CS", "Value": ["A", None, "B"]}}).replace(
        b'<Value number="2"></Value>', b""
    )
    assert read(pieces, "xml", document) == [{"00080008": {"vr": "CS", "Value": ["A", None, "B"]}}]
    many = document.replace(b'number="3"', b'number="999999999"')
    assert isinstance(read(pieces, "xml", many)[0], Malformed)
