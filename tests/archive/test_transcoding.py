"""Objects in another transfer syntax: the same elements, the same pixels (PS3.5 Annex A)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit

from archive.decoding import DecodingPool
from archive.element_stream import Kind, tokens
from archive.encodings import EXPLICIT_LITTLE, IMPLICIT_LITTLE
from archive.errors import NotTranscodable
from archive.transcoding import can_decompress, can_transcode, transcode
from tests.archive.converting import FILES, LOSSY_COLOUR, converted, differences, samples, tolerant
from tests.archive.dicom_files import PACKAGED, offset_of, shared, syntax_of


@pytest.fixture(scope="module")
def decoder() -> Iterator[DecodingPool]:
    with DecodingPool(workers=1) as pool:
        yield pool


@pytest.fixture(autouse=True)
def tolerant_reader() -> Iterator[None]:
    with tolerant():
        yield


@pytest.mark.parametrize("target", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
@pytest.mark.parametrize("path", FILES + shared("transfer_syntaxes"), ids=lambda path: path.name[-60:])
def test_elements_and_pixels_stay(path: Path, target: str, decoder: DecodingPool) -> None:
    source = syntax_of(path)
    if not can_transcode(source, target):
        assert not can_decompress(source)
        return
    before = dcmread(path)
    after = converted(path, target, decoder)
    if before.file_meta.TransferSyntaxUID.is_encapsulated:
        try:
            before.decompress(as_rgb=source in LOSSY_COLOUR, generate_instance_uid=False)
        except (NotImplementedError, RuntimeError, ValueError):
            pytest.skip("pydicom does not decode it, so that there is nothing to compare with")
        assert after.PhotometricInterpretation == before.PhotometricInterpretation
        assert after.get("PlanarConfiguration") == before.get("PlanarConfiguration")
    assert np.array_equal(samples(before), samples(after))
    # UN in big endian is of unknown byte order and stays as it is.
    assert source == "1.2.840.10008.1.2.2" or differences(before, after) == []


@pytest.mark.parametrize("name", ["image_dfl.dcm", "CT_small.dcm", "MR_small_bigendian.dcm", "JPEG2000.dcm"])
def test_objects_are_deflated_and_inflated(name: str, decoder: DecodingPool, tmp_path: Path) -> None:
    path = PACKAGED / name
    deflated = transcode(path, offset_of(path), syntax_of(path), DeflatedExplicitVRLittleEndian, decoder=decoder)
    assert len(deflated) % 2 == 0
    stored = tmp_path / "deflated"
    stored.write_bytes(deflated)
    inflated = transcode(stored, 0, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian)
    assert inflated == transcode(path, offset_of(path), syntax_of(path), ExplicitVRLittleEndian, decoder=decoder)


def test_the_same_syntax_is_the_same_bytes() -> None:
    path = PACKAGED / "CT_small.dcm"
    kept = transcode(path, offset_of(path), ExplicitVRLittleEndian, ExplicitVRLittleEndian)
    assert kept == path.read_bytes()[offset_of(path) :]


def test_values_are_not_decoded_and_encoded_again(tmp_path: Path) -> None:
    elements = (
        b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100",
        b"\x10\x00\x10\x00PN\x04\x00\xff\xfe^=",
        b"\x20\x00\x13\x00IS\x04\x00abc ",
    )
    broken = b"".join(elements)
    (tmp_path / "broken").write_bytes(broken)
    implicit = transcode(tmp_path / "broken", 0, ExplicitVRLittleEndian, ImplicitVRLittleEndian)
    (tmp_path / "implicit").write_bytes(implicit)
    assert b"\xff\xfe^=" in implicit
    assert transcode(tmp_path / "implicit", 0, ImplicitVRLittleEndian, ExplicitVRLittleEndian) == broken


def test_a_value_of_odd_length_becomes_even_where_it_is_written_anew_and_stays_where_it_is_not(tmp_path: Path) -> None:
    """PS3.5 Section 7.1.1."""
    odd = b"\x10\x00\x10\x00PN\x03\x00A^B\x10\x00\x20\x00LO\x03\x00P11\x20\x00\x0d\x00UI\x05\x001.2.3"
    (tmp_path / "odd").write_bytes(odd)
    assert transcode(tmp_path / "odd", 0, ExplicitVRLittleEndian, ExplicitVRLittleEndian) == odd
    implicit = transcode(tmp_path / "odd", 0, ExplicitVRLittleEndian, ImplicitVRLittleEndian)
    values = [
        bytes(implicit[token.position :][: token.length]) for token in tokens(memoryview(implicit), IMPLICIT_LITTLE)
    ]
    assert values == [b"A^B ", b"P11 ", b"1.2.3\0"]


def test_a_value_too_long_for_its_vr_becomes_unknown(tmp_path: Path) -> None:
    value = b"x" * 70_000
    (tmp_path / "long").write_bytes(b"\x08\x00\x30\x10" + len(value).to_bytes(4, "little") + value)
    explicit = transcode(tmp_path / "long", 0, ImplicitVRLittleEndian, ExplicitVRLittleEndian)
    (token,) = tokens(memoryview(explicit), EXPLICIT_LITTLE)
    assert (token.kind, token.vr, token.length) == (Kind.ELEMENT, b"UN", 70_000)


def test_there_is_no_way_to_compression_with_loss_or_big_endian() -> None:
    path = PACKAGED / "CT_small.dcm"
    for target in (JPEGBaseline8Bit, "1.2.840.10008.1.2.2", "1.2.3"):
        with pytest.raises(NotTranscodable):
            transcode(path, offset_of(path), ExplicitVRLittleEndian, target)


def test_a_broken_codestream_is_refused(tmp_path: Path, decoder: DecodingPool) -> None:
    path = PACKAGED / "MR_small_jp2klossless.dcm"
    data = path.read_bytes()
    assert data.count(b"\xff\x4f\xff\x51") == 1
    (tmp_path / "broken").write_bytes(data.replace(b"\xff\x4f\xff\x51", bytes(4)))
    with pytest.raises(NotTranscodable):
        transcode(tmp_path / "broken", offset_of(path), syntax_of(path), ExplicitVRLittleEndian, decoder=decoder)
