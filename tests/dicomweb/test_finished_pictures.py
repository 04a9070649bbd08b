"""Moving pictures, annotation, colour profiles and palettes (PS3.18 Sections 8.3.5.1 and 8.7.4)."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from pydicom.dataset import Dataset

from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, path_of, ramp, saved
from tests.dicomweb.pictures import shown

GIF = {"Accept": "image/gif"}
COLOUR = {"SamplesPerPixel": 3, "PlanarConfiguration": 0, "PhotometricInterpretation": "RGB"}


def frames(count: int, **attributes: Any) -> Dataset:
    """Make an image of frames that are one grey value each: 10, 20 and so on."""
    samples = np.repeat(np.arange(1, count + 1, dtype=np.uint8) * 10, 64 * 48)
    window = {"WindowCenter": "127.5", "WindowWidth": "255", "VOILUTFunction": "LINEAR_EXACT"}
    return image(
        np.zeros((48, 64), np.uint8), NumberOfFrames=count, PixelData=samples.tobytes(), **window, **attributes
    )


def moving(web: Web, ds: Dataset, **params: str) -> list[tuple[int, int, tuple[int, int]]]:
    """Give grey value, time and size of each frame of a GIF."""
    answer = web.http.get(f"{path_of(ds)}/rendered", headers=GIF, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/gif"
    found = []
    with Image.open(BytesIO(answer.content)) as opened:
        assert opened.info["loop"] == 0
        for number in range(getattr(opened, "n_frames", 1)):
            opened.seek(number)
            grey = int(np.asarray(opened.convert("L"))[5, 5])
            found.append((grey, int(opened.info["duration"]), opened.size))
    return found


@pytest.mark.parametrize(
    ("timing", "milliseconds"),
    [({"FrameTime": "40"}, 40), ({"RecommendedDisplayFrameRate": "5"}, 200), ({"CineRate": "20"}, 50), ({}, 100)],
)
def test_all_frames_are_one_moving_picture(web: Web, tmp_path: Path, timing: dict[str, str], milliseconds: int) -> None:
    ds = frames(5, **timing)
    web.receive(saved(ds, tmp_path))
    assert moving(web, ds) == [(number * 10, milliseconds, (64, 48)) for number in range(1, 6)]


def test_moving_pictures_have_the_size_that_is_wanted(web: Web, tmp_path: Path) -> None:
    ds = frames(3)
    web.receive(saved(ds, tmp_path))
    assert {size for _, _, size in moving(web, ds, viewport="32,32")} == {(32, 24)}


def test_still_pictures_show_one_frame(web: Web, tmp_path: Path) -> None:
    ds = frames(4)
    web.receive(saved(ds, tmp_path))
    assert shown(web, ds)[0, 0] == 10
    for number in (1, 4):
        answer = web.http.get(f"{path_of(ds)}/frames/{number}/rendered", headers=GIF)
        with Image.open(BytesIO(answer.content)) as opened:
            assert getattr(opened, "n_frames", 1) == 1
            assert int(np.asarray(opened.convert("L"))[0, 0]) == number * 10


def test_too_many_frames_are_refused_until_they_are_small(web: Web, tmp_path: Path) -> None:
    samples = np.zeros((20, 2000, 2000), np.uint8)
    ds = image(samples[0], NumberOfFrames=20, PixelData=samples.tobytes())
    web.receive(saved(ds, tmp_path))
    assert web.http.get(f"{path_of(ds)}/rendered", headers=GIF).status_code == 406
    assert len(moving(web, ds, viewport="20,20")) >= 1


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png", "image/gif", "image/jp2"])
def test_all_media_types_of_still_images_are_given(web: Web, tmp_path: Path, media_type: str) -> None:
    window = {"WindowCenter": "200", "WindowWidth": "100"}
    ds = image(ramp(), **window)
    web.receive(saved(ds, tmp_path))
    answer = web.http.get(f"{path_of(ds)}/rendered", headers={"Accept": media_type})
    assert answer.headers["content-type"] == media_type
    with Image.open(BytesIO(answer.content)) as opened:
        assert Image.MIME[str(opened.format)] == media_type
        found = np.asarray(opened.convert("L")).astype(int)
    assert np.abs(found - shown(web, ds)).max() <= (12 if media_type == "image/jpeg" else 0)


def test_annotation_is_written_into_the_picture(web: Web, tmp_path: Path) -> None:
    ds = image(np.zeros((200, 300), np.uint8), KVP="120", WindowCenter="128", WindowWidth="256")
    web.receive(saved(ds, tmp_path))
    plain = shown(web, ds)
    assert not plain.any()
    sums = [
        int((shown(web, ds, annotation=kind) > 128).sum()) for kind in ("patient", "technique", "patient,technique")
    ]
    assert min(sums) > 50
    assert sums[2] > max(sums[:2])
    assert not shown(web, ds, annotation="patient")[150:].any()
    for wrong in ("", "name", "patient,x"):
        assert web.http.get(f"{path_of(ds)}/rendered", params={"annotation": wrong}).status_code == 400


def profile_of(web: Web, ds: Dataset, wanted: str) -> tuple[Any, bytes | None]:
    answer = web.http.get(f"{path_of(ds)}/rendered", params={"iccprofile": wanted}, headers={"Accept": "image/png"})
    assert answer.status_code == 200, answer.text
    with Image.open(BytesIO(answer.content)) as opened:
        return np.asarray(opened), opened.info.get("icc_profile")


def swapped() -> bytes:
    """Make a profile whose red is the web's blue, by exchanging its colorants."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


def test_colour_profiles_are_left_out_given_or_converted(web: Web, tmp_path: Path) -> None:
    samples = np.zeros((8, 8, 3), np.uint8)
    samples[..., 0] = 255
    own = swapped()
    ds = image(samples, ICCProfile=own + bytes(len(own) % 2), **COLOUR)
    web.receive(saved(ds, tmp_path))
    plain, none = profile_of(web, ds, "no")
    assert none is None
    assert plain[0, 0].tolist() == [255, 0, 0]
    as_it_is, given = profile_of(web, ds, "yes")
    assert given is not None
    assert given.rstrip(b"\0") == own.rstrip(b"\0")
    assert as_it_is[0, 0].tolist() == [255, 0, 0]
    converted, srgb = profile_of(web, ds, "srgb")
    assert srgb is not None
    assert converted[0, 0].tolist() == [0, 0, 255]
    assert web.http.get(f"{path_of(ds)}/rendered", params={"iccprofile": "cmyk"}).status_code == 400


def test_a_broken_colour_profile_costs_one_answer(web: Web, tmp_path: Path) -> None:
    ds = image(np.zeros((8, 8, 3), np.uint8), ICCProfile=b"no profile at all!", **COLOUR)
    web.receive(saved(ds, tmp_path))
    url = f"{path_of(ds)}/rendered"
    assert web.http.get(url, params={"iccprofile": "srgb"}).status_code == 406
    assert web.http.get(url, params={"iccprofile": "no"}).status_code == 200


def test_grey_pictures_have_no_colour_profile(web: Web, tmp_path: Path) -> None:
    ds = image(ramp())
    web.receive(saved(ds, tmp_path))
    assert profile_of(web, ds, "srgb")[1] is None


def test_segments_of_a_palette_are_expanded(web: Web, tmp_path: Path) -> None:
    # PS3.3 Section C.7.9.2: three points, a line of four up to 1000, and the line once more, indirectly.
    segments = np.array([0, 3, 100, 200, 600, 1, 4, 1000, 2, 1, 5, 0], "<u2")
    expected = [100, 200, 600, 700, 800, 900, 1000, 1000, 1000, 1000, 1000]
    samples = np.arange(12, dtype=np.uint8).reshape(3, 4).clip(0, 10)
    ds = image(samples, PhotometricInterpretation="PALETTE COLOR")
    for tag in (0x00281101, 0x00281102, 0x00281103):
        ds.add_new(tag, "US", [len(expected), 0, 16])
        ds.add_new(tag + 0x120, "OW", segments.tobytes())
    web.receive(saved(ds, tmp_path))
    shades = np.rint(np.array(expected)[samples] / 65535 * 255)
    assert np.array_equal(shown(web, ds)[..., 0], shades)


def test_rendered_pictures_are_kept(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ds = frames(1)
    web.receive(saved(ds, tmp_path))
    url = f"{path_of(ds)}/rendered"
    first = web.http.get(url).content

    def fail(*_arguments: Any) -> None:
        raise AssertionError("rendered again")

    monkeypatch.setattr("dicomweb.rendering.images.picture", fail)
    assert web.http.get(url).content == first
