"""What frames say of themselves is what their objects say of them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames

from dicomweb.stow_codestreams import read_codestream

JPEG = [
    "SC_rgb_jpeg_dcmtk.dcm",
    "SC_rgb_dcmtk_+eb+cy+n1.dcm",
    "SC_rgb_dcmtk_+eb+cr.dcm",
    "JPEG-lossy.dcm",
    "JPGExtended.dcm",
]
OTHERS = [
    "MR_small_jpeg_ls_lossless.dcm",
    "SC_rgb_jls_lossy_sample.dcm",
    "MR_small_jp2klossless.dcm",
    "JPEG2000.dcm",
    "examples_jpeg2k.dcm",
]


def frame_of(name: str) -> bytes:
    ds = dcmread(Path(str(get_testdata_file(name, download=False))))
    return next(generate_frames(ds.PixelData, number_of_frames=1))


@pytest.mark.parametrize("name", [*JPEG, *OTHERS])
def test_a_codestream_says_what_its_object_says(name: str) -> None:
    ds = dcmread(Path(str(get_testdata_file(name, download=False))))
    found = read_codestream(frame_of(name))
    assert found is not None
    assert found.transfer_syntax == ds.file_meta.TransferSyntaxUID
    said = {tag: element["Value"][0] for tag, element in found.attributes().items()}
    for keyword in ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated"):
        assert said[f"{ds[keyword].tag:08X}"] == ds[keyword].value, keyword
    # Chrominance that is sampled more coarsely is called so here, and not by every encoder.
    assert said["00280004"] in {ds.PhotometricInterpretation, "YBR_FULL_422"}


@given(st.sampled_from([*JPEG, *OTHERS]), st.integers(0, 600), st.binary(max_size=4))
def test_a_broken_one_says_nothing_or_something(name: str, position: int, noise: bytes) -> None:
    frame = _FRAMES[name]
    read_codestream(frame[:position])
    read_codestream(frame[:position] + noise + frame[position + len(noise) :])
    read_codestream(noise)


_FRAMES = {name: frame_of(name)[:2000] for name in (*JPEG, *OTHERS)}
