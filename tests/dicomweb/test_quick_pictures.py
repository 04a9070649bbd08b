"""Pictures that take no time to make are made where the request came in, and are those that a thread would make."""

import shutil
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from dicomweb.reading_at_once import NotAtHand, read_at_once
from dicomweb.rendering import images
from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, path_of, saved

_JPEG = {"Accept": "image/jpeg"}


def slice_of(rows: int, columns: int, **attributes: Any) -> Dataset:
    return image(np.arange(rows * columns, dtype=np.uint16).reshape(rows, columns) % 4096, **attributes)


def groups_of(frames: int) -> list[Dataset]:
    """Give functional groups that say of each frame how it is shown."""
    window = Dataset()
    window.WindowCenter, window.WindowWidth = 40, 400
    items = [Dataset() for _ in range(frames)]
    for item in items:
        item.FrameVOILUTSequence = [window]
    return items


def rendered(web: Web, ds: Dataset, params: dict[str, str], headers: dict[str, str] = _JPEG) -> httpx.Response:
    return web.http.get(f"{path_of(ds)}/rendered", params=params, headers=headers)


def can_read_at_once(folder: Path) -> bool:
    with TemporaryFile(dir=folder) as file:
        file.write(b"something")
        file.flush()
        try:
            return bool(read_at_once(file.fileno(), 0, 9))
        except NotAtHand:
            return False


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give what was left to a thread."""
    handed = []
    original = images.encoded_image

    def noted(*arguments: Any, waits: bool = True) -> bytes:
        if waits:
            handed.append("picture")
        return original(*arguments, waits=waits)

    monkeypatch.setattr(images, "encoded_image", noted)
    return handed


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_slice_is_shown_without_a_thread(
    web: Web, tmp_path: Path, threads: list[str], syntax: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_read_at_once(tmp_path):
        pytest.skip("this file system cannot say what it has in memory")
    ds = slice_of(64, 48)
    web.receive(saved(ds, tmp_path, syntax))
    for window in ("2000,4096,linear", "100,50,linear-exact", "2000,500,sigmoid"):
        quick = rendered(web, ds, {"window": window})
        assert quick.status_code == 200, quick.text
        assert threads == []
        with monkeypatch.context() as patched:
            patched.setattr(images, "_is_quick", lambda *_: False)
            slow = web.http.get(f"{path_of(ds)}/frames/1/rendered", params={"window": window}, headers=_JPEG)
        assert threads.pop() == "picture"
        assert quick.content == slow.content
        assert np.asarray(Image.open(BytesIO(quick.content))).shape == (64, 48)


def test_it_is_kept(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ds = slice_of(64, 48)
    web.receive(saved(ds, tmp_path))
    first = rendered(web, ds, {}).content
    monkeypatch.delattr(images, "encoded_image")
    assert rendered(web, ds, {}).content == first


@pytest.mark.parametrize(
    ("ds", "params"),
    [
        (slice_of(520, 520), {}),
        (image(np.zeros((300, 300, 3), np.uint8), PhotometricInterpretation="RGB", SamplesPerPixel=3), {}),
        (slice_of(32, 32), {"viewport": "2000,2000"}),
        (slice_of(32, 32, PatientName="A^B"), {"annotation": "patient"}),
        (slice_of(32, 32), {"iccprofile": "srgb"}),
        (slice_of(32, 32, PerFrameFunctionalGroupsSequence=groups_of(100)), {}),
        (slice_of(32, 32, SharedFunctionalGroupsSequence=groups_of(100)), {}),
    ],
)
def test_what_takes_longer_is_left_to_a_thread(
    web: Web, tmp_path: Path, threads: list[str], ds: Dataset, params: dict[str, str]
) -> None:
    web.receive(saved(ds, tmp_path))
    assert rendered(web, ds, params).status_code == 200
    assert threads == ["picture"]


@pytest.mark.parametrize("syntax", [RLELossless, ExplicitVRBigEndian])
def test_what_has_to_be_decoded_is_left_to_a_thread(web: Web, tmp_path: Path, threads: list[str], syntax: str) -> None:
    ds = slice_of(32, 32)
    if syntax == RLELossless:
        ds.compress(RLELossless, generate_instance_uid=False)
    web.receive(saved(ds, tmp_path, syntax))
    assert rendered(web, ds, {}).status_code == 200
    assert threads == ["picture"]


def test_a_file_that_is_gone_is_404(web: Web, tmp_path: Path) -> None:
    ds = slice_of(32, 32)
    web.receive(saved(ds, tmp_path))
    shutil.rmtree(tmp_path / "blobs")
    assert rendered(web, ds, {}).status_code == 404
