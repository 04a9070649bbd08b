"""Pictures of frames against a reference in numpy (PS3.3 Section C.11, PS3.18 Section 8.3.5)."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from tests.archive.dicom_files import PACKAGED
from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, path_of, ramp, saved
from tests.dicomweb.pictures import PNG, opened, shown


def kept(web: Web, folder: Path, samples: Any = None, **attributes: Any) -> Dataset:
    ds = image(ramp() if samples is None else samples, **attributes)
    web.receive(saved(ds, folder))
    return ds


def linear(values: Any, center: float, width: float) -> Any:
    """PS3.3 Section C.11.2.1.2.1, as its pseudo-code has it."""
    values = np.asarray(values, dtype=float)
    shades = ((values - (center - 0.5)) / (width - 1) + 0.5) * 255
    shades[values <= center - 0.5 - (width - 1) / 2] = 0
    shades[values > center - 0.5 + (width - 1) / 2] = 255
    return shades


def close(found: Any, expected: Any, tolerance: float = 1.0) -> bool:
    return found.shape == expected.shape and float(np.abs(found.astype(float) - expected).max()) <= tolerance


def test_the_window_of_the_object_is_used(web: Web, tmp_path: Path) -> None:
    ds = kept(web, tmp_path, WindowCenter=["200", "10"], WindowWidth=["100", "10"])
    assert close(shown(web, ds), linear(ramp(), 200, 100))


def test_rescale_comes_before_the_window(web: Web, tmp_path: Path) -> None:
    samples = ramp().astype(np.int16) - 100
    ds = kept(web, tmp_path, samples, RescaleSlope="2", RescaleIntercept="-50", WindowCenter="0", WindowWidth="400")
    assert close(shown(web, ds), linear(samples.astype(float) * 2 - 50, 0, 400))


def test_the_window_of_the_request_takes_precedence(web: Web, tmp_path: Path) -> None:
    ds = kept(web, tmp_path, WindowCenter="200", WindowWidth="100")
    assert close(shown(web, ds, window="50,60,linear"), linear(ramp(), 50, 60))
    exact = np.clip((ramp().astype(float) - 50) / 60 + 0.5, 0, 1) * 255
    assert close(shown(web, ds, window="50,60,linear-exact"), exact)
    sigmoid = 255 / (1 + np.exp(-4 * (ramp().astype(float) - 50) / 60))
    assert close(shown(web, ds, window="50,60,sigmoid"), sigmoid)


def test_without_a_window_the_whole_extent_is_shown(web: Web, tmp_path: Path) -> None:
    ds = kept(web, tmp_path)
    assert close(shown(web, ds), np.linspace(0, 255, 16 * 24).reshape(16, 24))
    padded = ramp()
    padded[0, :] = 65000
    ds = kept(web, tmp_path, padded, PixelPaddingValue=65000)
    found = shown(web, ds)
    assert found[1, 0] == 0
    assert found[-1, -1] == 255


def test_monochrome1_is_inverted(web: Web, tmp_path: Path) -> None:
    attributes = {"WindowCenter": "200", "WindowWidth": "100"}
    ds = kept(web, tmp_path, PhotometricInterpretation="MONOCHROME1", **attributes)
    assert close(shown(web, ds), 255 - linear(ramp(), 200, 100))
    ds = kept(web, tmp_path, PresentationLUTShape="INVERSE", **attributes)
    assert close(shown(web, ds), 255 - linear(ramp(), 200, 100))


def lut(entries: Any, first: int, bits: int) -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, "US", [len(entries), first, bits])
    item.add_new(0x00283006, "OW", np.asarray(entries, np.uint16).tobytes())
    return item


def test_look_up_tables_are_applied(web: Web, tmp_path: Path) -> None:
    samples = ramp()
    entries = np.arange(300)[::-1] * 10
    modality = kept(web, tmp_path, ModalityLUTSequence=[lut(entries, 10, 16)], WindowCenter="1000", WindowWidth="2000")
    looked_up = entries[np.clip(samples.astype(int) - 10, 0, 299)]
    assert close(shown(web, modality), linear(looked_up, 1000, 2000))
    squares = (np.arange(384) ** 2) % 4096
    voi = kept(web, tmp_path, VOILUTSequence=[lut(squares, 0, 12)])
    assert close(shown(web, voi), squares[samples] >> 4)


def test_bits_that_are_not_of_the_pixel_are_left_out(web: Web, tmp_path: Path) -> None:
    samples = ramp() | (ramp() % 2 << 15).astype(np.uint16)
    ds = kept(web, tmp_path, samples, BitsStored=12, HighBit=11, WindowCenter="200", WindowWidth="100")
    assert close(shown(web, ds), linear(ramp(), 200, 100))


def test_functional_groups_give_each_frame_its_window(web: Web, tmp_path: Path) -> None:
    def group(center: int) -> Dataset:
        voi, item = Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = center, 100
        item.FrameVOILUTSequence = [voi]
        return item

    transformation, shared_group = Dataset(), Dataset()
    transformation.RescaleSlope, transformation.RescaleIntercept = 1, 100
    shared_group.PixelValueTransformationSequence = [transformation]
    ds = kept(
        web,
        tmp_path,
        NumberOfFrames=2,
        PixelData=ramp().tobytes() * 2,
        PerFrameFunctionalGroupsSequence=[group(200), group(400)],
        SharedFunctionalGroupsSequence=[shared_group],
    )
    assert close(shown(web, ds, "frames/1/rendered"), linear(ramp().astype(float) + 100, 200, 100))
    assert close(shown(web, ds, "frames/2/rendered"), linear(ramp().astype(float) + 100, 400, 100))


COLOUR = {"SamplesPerPixel": 3, "PlanarConfiguration": 0, "PhotometricInterpretation": "RGB"}


def test_rgb_is_shown_as_it_is(web: Web, tmp_path: Path) -> None:
    samples = np.random.default_rng(1).integers(0, 256, (10, 12, 3), dtype=np.uint8)
    assert np.array_equal(shown(web, kept(web, tmp_path, samples, **COLOUR)), samples)
    planes = samples.transpose(2, 0, 1).copy()
    ds = kept(web, tmp_path, samples, **{**COLOUR, "PlanarConfiguration": 1, "PixelData": planes.tobytes()})
    assert np.array_equal(shown(web, ds), samples)
    deep = kept(web, tmp_path, samples.astype(np.uint16) << 8, **COLOUR)
    assert np.array_equal(shown(web, deep), samples)


def test_ybr_becomes_rgb(web: Web, tmp_path: Path) -> None:
    samples = np.random.default_rng(2).integers(0, 256, (10, 12, 3), dtype=np.uint8)
    ds = kept(web, tmp_path, samples, **{**COLOUR, "PhotometricInterpretation": "YBR_FULL"})
    y, cb, cr = (samples[..., plane].astype(float) for plane in range(3))
    rgb = np.stack([y + 1.402 * (cr - 128), y - 0.3441 * (cb - 128) - 0.7141 * (cr - 128), y + 1.772 * (cb - 128)], -1)
    assert close(shown(web, ds), np.clip(rgb, 0, 255))


@pytest.mark.filterwarnings("ignore")
def test_a_palette_gives_its_colours(web: Web) -> None:
    path = PACKAGED / "examples_palette.dcm"
    web.receive(path)
    ds = dcmread(path)
    expected = apply_color_lut(ds.pixel_array, ds)
    expected = expected >> (8 if expected.dtype.itemsize == 2 else 0)
    assert close(shown(web, ds), expected)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name", ["examples_ybr_color.dcm", "examples_jpeg2k.dcm", "SC_rgb_rle.dcm", "SC_rgb_jpeg_dcmtk.dcm"]
)
def test_compressed_colour_is_shown(web: Web, name: str) -> None:
    path = PACKAGED / name
    web.receive(path)
    ds = dcmread(path)
    expected = ds.pixel_array[0] if int(ds.get("NumberOfFrames") or 1) > 1 else ds.pixel_array
    assert close(shown(web, ds), expected)


@pytest.mark.filterwarnings("ignore")
def test_what_is_odd_is_shown_all_the_same(web: Web) -> None:
    for name in (
        "liver_1frame.dcm",
        "MR_small_bigendian.dcm",
        "JPEG-lossy.dcm",
        "examples_overlay.dcm",
    ):
        web.receive(PACKAGED / name)
        ds = dcmread(PACKAGED / name)
        found = shown(web, ds)
        assert found.shape == (ds.Rows, ds.Columns)
        assert found.min() < found.max()


def test_floating_point_pixels_are_shown(web: Web, tmp_path: Path) -> None:
    ds = image(ramp())
    del ds.PixelData
    values = np.linspace(-1, 1, 16 * 24, dtype=np.float32)
    values[0] = np.nan
    ds.BitsAllocated = 32
    ds.FloatPixelData = values.tobytes()
    web.receive(saved(ds, tmp_path))
    assert shown(web, ds)[-1, -1] == 255


def test_viewport_scales_and_cuts(web: Web, tmp_path: Path) -> None:
    samples = np.random.default_rng(3).integers(0, 256, (40, 80), dtype=np.uint8)
    ds = kept(web, tmp_path, samples, WindowCenter="128", WindowWidth="256")
    assert shown(web, ds, viewport="40,40").shape == (20, 40)
    assert shown(web, ds, viewport="160,160").shape == (80, 160)
    whole = shown(web, ds)
    assert np.array_equal(shown(web, ds, viewport="30,20,10,5,30,20"), whole[5:25, 10:40])
    assert np.array_equal(shown(web, ds, viewport="30,20,10,5,-30,20"), whole[5:25, 10:40][:, ::-1])
    assert shown(web, ds, viewport="10,10,,,,").shape == (5, 10)


@pytest.mark.parametrize(
    "params",
    [
        {"window": "1"},
        {"window": "1,0,linear"},
        {"window": "1,-5,linear"},
        {"window": "nan,1,linear"},
        {"window": "1,2,cubic"},
        {"viewport": "0,0"},
        {"viewport": "1e9,1e9"},
        {"viewport": "10"},
        {"viewport": "10,10,500,500,5,5"},
        {"quality": "0"},
        {"quality": "101"},
        {"quality": "x"},
        {"sharpness": "9"},
    ],
)
def test_impossible_wishes_are_400(web: Web, tmp_path: Path, params: dict[str, str]) -> None:
    ds = kept(web, tmp_path)
    for resource in ("rendered", "frames/1/rendered", "thumbnail"):
        answer = web.http.get(f"{path_of(ds)}/{resource}", params=params)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_default_is_jpeg_and_quality_counts(web: Web, tmp_path: Path) -> None:
    samples = np.random.default_rng(4).integers(0, 256, (64, 64), dtype=np.uint8)
    ds = kept(web, tmp_path, samples)
    path = f"{path_of(ds)}/rendered"
    best, worst = (web.http.get(path, params={"quality": quality}) for quality in ("100", "5"))
    assert best.headers["content-type"] == "image/jpeg"
    assert len(best.content) > 2 * len(worst.content)
    assert close(np.asarray(Image.open(BytesIO(best.content))), shown(web, ds), 12)
    assert web.http.get(path, headers={"Accept": "image/tiff"}).status_code == 406
    assert web.http.get(path, headers={"Accept": "image/*"}).headers["content-type"] == "image/jpeg"
    assert web.http.get(path, params={"accept": "image/png"}).headers["content-type"] == "image/png"


def test_several_frames_come_in_parts(web: Web, tmp_path: Path) -> None:
    ds = kept(web, tmp_path, NumberOfFrames=3, PixelData=ramp().tobytes() * 3)
    answer = web.http.get(
        f"{path_of(ds)}/frames/1,3/rendered", headers={"Accept": 'multipart/related; type="image/png"'}
    )
    assert [kind for kind, _ in opened(answer)] == ["image/png"] * 2
    assert web.http.get(f"{path_of(ds)}/frames/1,3/rendered", headers=PNG).status_code == 406


@pytest.mark.parametrize("frames", ["4", "1,4", "3,2,99"])
def test_a_missing_frame_is_404_wherever_it_stands(web: Web, tmp_path: Path, frames: str) -> None:
    ds = kept(web, tmp_path, NumberOfFrames=3, PixelData=ramp().tobytes() * 3)
    answer = web.http.get(f"{path_of(ds)}/frames/{frames}/rendered")
    assert answer.status_code == 404
    assert "the last one is 3" in answer.text


def test_thumbnails_say_nothing_about_the_patient(web: Web, tmp_path: Path) -> None:
    ds = kept(web, tmp_path)
    for path in (path_of(ds), f"{path_of(ds)}/frames/1", f"/studies/{ds.StudyInstanceUID}"):
        assert web.http.get(f"{path}/thumbnail", params={"annotation": "patient"}).status_code == 400
        assert web.http.get(f"{path}/thumbnail").status_code == 200


def test_thumbnails_stand_for_what_they_are_of(web: Web, tmp_path: Path) -> None:
    first = image(np.zeros((100, 200), np.uint8))
    uids = {"StudyInstanceUID": first.StudyInstanceUID, "SeriesInstanceUID": first.SeriesInstanceUID}
    for number, value in enumerate((10, 200, 90), start=1):
        samples = np.full((100, 200), value, np.uint8)
        kept(web, tmp_path, samples, InstanceNumber=number, WindowCenter="128", WindowWidth="256", **uids)
    series = f"/studies/{first.StudyInstanceUID}/series/{first.SeriesInstanceUID}"
    for path in (f"/studies/{first.StudyInstanceUID}/thumbnail", f"{series}/thumbnail"):
        answer = web.http.get(path)
        assert answer.headers["content-type"] == "image/jpeg"
        picture = np.asarray(Image.open(BytesIO(answer.content)))
        assert picture.shape == (64, 128)
        assert abs(int(picture.mean()) - 200) < 3
