"""STOW-RS with pixel data as PNG or GIF, which is stored uncompressed (PS3.18 Table 10.5.2-1)."""

import json
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from dicomweb import stow_pictures
from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import SECONDARY_CAPTURE, image, ramp
from tests.dicomweb.taken_out import BOUNDARY, JSON, bulk, parts, post, store, stored

GREY = np.random.default_rng(1).integers(0, 256, (24, 16), dtype=np.uint8)
RGB = np.random.default_rng(2).integers(0, 256, (24, 16, 3), dtype=np.uint8)
WIDE = np.random.default_rng(3).integers(0, 65536, (24, 16), dtype=np.uint16)


def png(samples: Any, mode: str | None = None) -> bytes:
    picture = Image.fromarray(samples)
    out = BytesIO()
    (picture.convert(mode) if mode else picture).save(out, "PNG")
    return out.getvalue()


def gif(frames: Any) -> bytes:
    out = BytesIO()
    first, *rest = map(Image.fromarray, frames)
    first.save(out, "GIF", save_all=True, append_images=rest, duration=50)
    return out.getvalue()


def described(*, says_pixels: bool = False, **changes: Any) -> dict[str, Any]:
    """Give the metadata of a new object, with or without a description of its pixels."""
    found: dict[str, Any] = Dataset.to_json_dict(image(GREY, SOPClassUID=SECONDARY_CAPTURE))
    if not says_pixels:
        found = {tag: element for tag, element in found.items() if tag[:4] != "0028"}
    extra = {tag.removeprefix("x"): {"vr": "US", "Value": [value]} for tag, value in changes.items()}
    return {**found, "7FE00010": {"vr": "OW", "BulkDataURI": "x"}, **extra}


def kept(web: Web, content: bytes, media_type: str = "image/png", **changes: Any) -> Dataset:
    answer = store(web, JSON, [described(**changes)], parts(bulk("x", content, media_type)))
    ds = stored(web, answer)
    assert ds.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    return ds


@pytest.mark.parametrize(
    ("content", "samples", "photometric"),
    [
        (png(GREY), GREY, "MONOCHROME2"),
        (png(GREY, "LA"), GREY, "MONOCHROME2"),
        (png(WIDE), WIDE, "MONOCHROME2"),
        (png(GREY > 99), (GREY > 99).astype(np.uint8) * 255, "MONOCHROME2"),
        (png(RGB), RGB, "RGB"),
        (png(RGB, "RGBA"), RGB, "RGB"),
        (png(np.repeat(GREY[..., None], 3, 2)), np.repeat(GREY[..., None], 3, 2), "RGB"),
        (png(GREY, "P"), GREY, "MONOCHROME2"),
    ],
)
def test_png_is_stored_uncompressed(shared_web: Web, content: bytes, samples: Any, photometric: str) -> None:
    ds = kept(shared_web, content)
    assert np.array_equal(ds.pixel_array, samples)
    assert ds.PhotometricInterpretation == photometric
    bits = samples.dtype.itemsize * 8
    assert (ds.BitsAllocated, ds.BitsStored, ds.PixelRepresentation) == (bits, bits, 0)


def test_what_the_metadata_say_too_must_fit(shared_web: Web) -> None:
    assert np.array_equal(kept(shared_web, png(GREY), says_pixels=True).pixel_array, GREY)
    # What has no meaning for grey says nothing.
    assert np.array_equal(kept(shared_web, png(GREY), x00280006=0).pixel_array, GREY)
    # Fewer bits than are allocated are the sender's knowledge.
    assert kept(shared_web, png(WIDE), x00280100=16, x00280101=12, x00280102=11).BitsStored == 12


def test_a_table_of_colours_is_grey_or_colour_as_is_wanted(shared_web: Web) -> None:
    colour = kept(shared_web, png(GREY, "P"), x00280002=3)
    assert np.array_equal(colour.pixel_array, np.repeat(GREY[..., None], 3, 2))
    assert colour.PhotometricInterpretation == "RGB"


def test_each_frame_may_be_a_picture(shared_web: Web) -> None:
    frames = [GREY, GREY[::-1], GREY[:, ::-1]]
    rest = parts(*(bulk(f"x/frames/{number}", png(frame), "image/png") for number, frame in enumerate(frames, 1)))
    ds = stored(shared_web, store(shared_web, JSON, [described()], rest))
    assert ds.NumberOfFrames == 3
    assert np.array_equal(ds.pixel_array, np.stack(frames))


@pytest.mark.parametrize("frames", [[GREY], [GREY, GREY[::-1]]])
def test_gif_is_stored_with_all_its_frames(shared_web: Web, frames: Any) -> None:
    ds = kept(shared_web, gif(frames), "image/gif")
    assert ds.get("NumberOfFrames", 1) == len(frames)
    assert np.array_equal(ds.pixel_array, np.squeeze(np.stack(frames)))


def test_gif_may_have_colours(shared_web: Web) -> None:
    few = np.where(GREY[..., None] > 99, [255, 0, 0], [0, 0, 255]).astype(np.uint8)
    ds = kept(shared_web, gif([few, few[::-1]]), "image/gif")
    assert ds.PhotometricInterpretation == "RGB"
    assert np.array_equal(ds.pixel_array, np.stack([few, few[::-1]]))


def _wide_colour() -> bytes:
    """Give a PNG file whose header says 16 bits of colour."""
    content = bytearray(png(RGB))
    content[24] = 16
    return bytes(content)


def _late_header() -> bytes:
    """Give a PNG file with another chunk before its header."""
    content = png(RGB)
    return content[:8] + b"\0\0\0\0tEXt\x90\xb8\x86\x9f" + content[8:]


@pytest.mark.parametrize(
    ("content", "media_type", "changes", "reason"),
    [
        (_late_header(), "image/png", {}, 0xC000),
        (b"no picture", "image/png", {}, 0xC000),
        (png(GREY)[:60], "image/png", {}, 0xC000),
        (_wide_colour(), "image/png", {}, 0xC000),
        (png(GREY), "image/png", {"x00280010": 25}, 0xC000),
        (png(RGB), "image/png", {"x00280002": 1}, 0xC000),
        (png(RGB), "image/png", {"x00280006": 1}, 0xC000),
        (png(GREY), "image/png", {"x00280100": 16}, 0xC000),
        (png(GREY), "image/png", {"x00280008": 2}, 0xC000),
        (png(GREY), "image/png", {"x00280004": "PALETTE COLOR"}, 0xC000),
        (png(GREY), "image/png", {"x00280004": {}}, 0xC000),
        (png(GREY), "image/png", {"x00280010": "many"}, 0xC000),
        (png(GREY), "image/png; transfer-syntax=1.2.840.10008.1.2.4.50", {}, 0xC122),
    ],
)
def test_what_does_not_fit_is_refused(
    shared_web: Web, content: bytes, media_type: str, changes: dict[str, Any], reason: int
) -> None:
    answer = store(shared_web, JSON, [described(**changes)], parts(bulk("x", content, media_type)))
    assert answer.status_code == 409
    (item,) = answer.json()["00081198"]["Value"]
    assert item["00081197"]["Value"] == [reason]


def test_frames_of_several_kinds_are_refused(shared_web: Web) -> None:
    first, second = bulk("x/frames/1", png(GREY), "image/png"), bulk("x/frames/2", png(WIDE), "image/png")
    assert store(shared_web, JSON, [described()], parts(first, second)).status_code == 409
    octets = bulk("x/frames/2", ramp().tobytes(), "application/octet-stream")
    assert store(shared_web, JSON, [described()], parts(first, octets)).status_code == 409


def test_a_number_that_no_float_holds_is_refused(shared_web: Web) -> None:
    metadata = json.dumps([described(x00280010=12345)]).replace("[12345]", "[1e999]").encode()
    body = parts(({"Content-Type": JSON}, metadata), bulk("x", png(GREY), "image/png"))
    answer = post(shared_web, body, f'multipart/related; type="{JSON}"; boundary={BOUNDARY}')
    assert answer.status_code == 409


def test_pictures_do_not_unpack_to_more_than_an_element_holds(shared_web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is it written first: a few megabytes of pictures would be terabytes."""
    written: list[Any] = []
    original = stow_pictures._written

    def noted(pieces: Any, samples: Any) -> Any:
        written.append(samples)
        return original(pieces, samples)

    monkeypatch.setattr(stow_pictures, "_MOST_UNPACKED_BYTES", 2 * GREY.nbytes)
    monkeypatch.setattr(stow_pictures, "_written", noted)
    frames = [bulk(f"x/frames/{number}", png(GREY), "image/png") for number in range(1, 5)]
    assert store(shared_web, JSON, [described()], parts(*frames)).status_code == 409
    assert len(written) == 2
    assert store(shared_web, JSON, [described()], parts(*frames[:2])).status_code == 200
