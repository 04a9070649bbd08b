"""Compression without loss, for destinations that ask for it: the same elements, the very same pixels."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import (
    JPEG2000,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from archive.compression import can_compress
from archive.decoding import DecodingPool
from archive.errors import NotTranscodable
from archive.transcoding import can_convert, can_decompress, can_transcode, transcode
from tests.archive.converting import FILES, converted, differences, samples, tolerant
from tests.archive.dicom_files import PACKAGED, SHARED, offset_of, shared, syntax_of
from tests.scp.samples import ct_image, write_file

TARGETS = [RLELossless, JPEGLSLossless, JPEG2000Lossless]
# Real data of every folder; what is broken on purpose is not to be sent compressed.
REAL = [
    path
    for folder in (sorted(SHARED.iterdir()) if SHARED.is_dir() else [])
    if folder.is_dir() and not folder.name.startswith(("malformed", "LICENCES"))
    for path in shared(folder.name)
]


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodingPool]:
    with DecodingPool(workers=1) as opened:
        yield opened


@pytest.fixture(autouse=True)
def tolerant_reader() -> Iterator[None]:
    with tolerant():
        yield


def _compressed(path: Path, target: str, pool: DecodingPool) -> tuple[Dataset, Dataset] | None:
    """Give a file decompressed, and compressed with the same pixels; None when the target cannot hold them."""
    try:
        after = converted(path, target, pool)
    except NotTranscodable:
        return None
    before = converted(path, ExplicitVRLittleEndian, pool)
    assert after.file_meta.TransferSyntaxUID == target
    assert np.array_equal(samples(before), samples(after))
    # Subsampled colour has as many samples of each kind now.
    assert after.PhotometricInterpretation == before.PhotometricInterpretation.replace("_422", "")
    assert after.get("PlanarConfiguration", 0) == 0
    return before, after


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name[-60:])
def test_elements_and_pixels_stay(path: Path, target: str, pool: DecodingPool) -> None:
    ds = dcmread(path)
    if "PixelData" not in ds or not can_decompress(syntax_of(path)):
        pytest.skip("it has no pixels that can be had")
    is_small = min(ds.Rows, ds.Columns) < 32
    is_deep = ds.BitsAllocated > 16
    pair = _compressed(path, target, pool)
    assert pair or is_small or is_deep or ds.BitsAllocated == 1
    # UN in big endian is of unknown byte order and stays as it is.
    if pair and syntax_of(path) != "1.2.840.10008.1.2.2":
        assert [one for one in differences(*pair) if not one.startswith("(0028,0006)")] == []


@pytest.mark.skipif(not REAL, reason="the shared data folder is not beside the repository")
@pytest.mark.parametrize("target", TARGETS)
def test_the_pixels_of_real_images_stay(target: str, pool: DecodingPool) -> None:
    compared = [path for path in _one_of_each() if _compressed(path, target, pool)]
    assert len(compared) >= 50


@cache
def _one_of_each() -> list[Path]:
    """Give the real images, of slices that are alike only the first."""
    found: dict[tuple[Any, ...], Path] = {}
    for path in REAL:
        ds = dcmread(path, stop_before_pixels=True)
        if "Rows" not in ds or not can_decompress(syntax_of(path)):
            continue
        kind = ds.get("SeriesInstanceUID"), ds.Rows, ds.Columns, ds.get("BitsStored"), syntax_of(path)
        found.setdefault(kind, path)
    return list(found.values())


class Kind(NamedTuple):
    """Pixels of one kind."""

    allocated: int
    stored: int
    signed: int = 0
    planes: int = 1
    frames: int = 1


GENERATED = [
    Kind(8, 8),
    Kind(8, 8, signed=1),
    Kind(16, 10),
    Kind(16, 12, signed=1),
    Kind(16, 16, frames=3),
    Kind(16, 16, signed=1),
    Kind(8, 8, planes=3),
    Kind(8, 8, planes=3, frames=4),
    Kind(16, 16, planes=3),
]


def _generated(kind: Kind) -> Dataset:
    rng = np.random.default_rng(7)
    low, high = (-(1 << kind.stored - 1), 1 << kind.stored - 1) if kind.signed else (0, 1 << kind.stored)
    pixels = rng.integers(low, high, size=(kind.frames, 47, 61, kind.planes))
    pixels = pixels.astype(f"<{'i' if kind.signed else 'u'}{kind.allocated // 8}")
    # Smooth in one half, so that predictors have something to predict.
    pixels[:, :20] = low
    changes: dict[str, Any] = {"PlanarConfiguration": 0} if kind.planes > 1 else {}
    if kind.frames > 1:
        changes["NumberOfFrames"] = kind.frames
    return ct_image(
        Rows=47,
        Columns=61,
        BitsAllocated=kind.allocated,
        BitsStored=kind.stored,
        HighBit=kind.stored - 1,
        PixelRepresentation=kind.signed,
        SamplesPerPixel=kind.planes,
        PhotometricInterpretation="RGB" if kind.planes > 1 else "MONOCHROME2",
        PixelData=pixels.tobytes() + b"\0" * (pixels.nbytes % 2),
        **changes,
    )


@pytest.mark.parametrize("target", [*TARGETS, JPEGLSNearLossless, JPEG2000])
@pytest.mark.parametrize("kind", GENERATED, ids=str)
def test_pixels_of_every_kind_stay(target: str, kind: Kind, tmp_path: Path, pool: DecodingPool) -> None:
    pair = _compressed(write_file(_generated(kind), tmp_path / "one.dcm"), target, pool)
    assert pair
    assert differences(*pair) == []


def test_what_is_compressed_is_smaller(pool: DecodingPool) -> None:
    path = PACKAGED / "CT_small.dcm"
    for target in TARGETS:
        data = transcode(path, offset_of(path), syntax_of(path), target, decoder=pool, encoder=pool)
        assert len(data) < path.stat().st_size


def test_objects_without_pixels_are_not_compressed(pool: DecodingPool) -> None:
    path = PACKAGED / "rtplan.dcm"
    with pytest.raises(NotTranscodable):
        transcode(path, offset_of(path), syntax_of(path), RLELossless, decoder=pool, encoder=pool)


def test_samples_beyond_the_stored_bits_are_never_lost(tmp_path: Path, pool: DecodingPool) -> None:
    """Twelve bits are stored, and an overlay of old stands in the others (PS3.5 Section 8.1.2)."""
    pixels = np.full((64, 64), 0x8123, "<u2")
    dataset = ct_image(Rows=64, Columns=64, BitsStored=12, HighBit=11, PixelData=pixels.tobytes())
    path = write_file(dataset, tmp_path / "one.dcm")
    for target in TARGETS:
        assert not _compressed(path, target, pool) or target == RLELossless


def test_only_compression_without_loss_can_be_had() -> None:
    assert can_convert(ExplicitVRLittleEndian, JPEG2000Lossless)
    assert can_convert(RLELossless, JPEGLSLossless)
    assert not can_convert(ExplicitVRLittleEndian, "1.2.840.10008.1.2.4.50")
    assert not can_convert("1.2.840.10008.1.2.4.100", RLELossless)
    assert not can_compress(ExplicitVRLittleEndian)
    # Nobody is given it who has not asked for it by name.
    assert not can_transcode(ExplicitVRLittleEndian, JPEG2000Lossless)
