"""Moving pictures as video, and stored video (PS3.18 Sections 8.7.3.3 and 8.7.4, Table 8.7.4-1)."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page
from pydicom.dataset import Dataset
from pydicom.uid import HEVCMP51, MPEG2MPML, MPEG2MPMLF, MPEG4HP41

from tests.acceptance.peers import browser
from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, path_of, saved
from tests.dicomweb.pictures import opened, shown
from tests.dicomweb.videos import boxes, read_answer, read_video, stream_of, video

MP4 = {"Accept": "video/mp4"}
GREYS = [10, 60, 110, 160, 210]
WINDOW = {"WindowCenter": "127.5", "WindowWidth": "255", "VOILUTFunction": "LINEAR_EXACT"}


def frames(*, rows: int = 48, columns: int = 64, **attributes: Any) -> Dataset:
    """Make an image whose frames are one grey value each."""
    samples = np.repeat(np.array(GREYS, np.uint8), rows * columns).tobytes()
    shape = np.zeros((rows, columns), np.uint8)
    return image(shape, NumberOfFrames=len(GREYS), PixelData=samples + bytes(len(samples) % 2), **WINDOW | attributes)


def grey_frames(rows: int = 48, columns: int = 64) -> list[Any]:
    return [np.full((rows, columns, 3), grey, np.uint8) for grey in GREYS]


def near(found: list[int], expected: list[int], tolerance: int = 2) -> bool:
    return len(found) == len(expected) and all(abs(a - b) <= tolerance for a, b in zip(found, expected, strict=True))


@pytest.fixture(scope="module")
def cine(shared_web: Web, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Keep an image of five frames, 20 a second."""
    ds = frames(FrameTime="50")
    shared_web.receive(saved(ds, tmp_path_factory.mktemp("cine")))
    return ds


def rendered(web: Web, ds: Dataset, headers: dict[str, str] = MP4, resource: str = "rendered", **params: str) -> Any:
    return web.http.get(f"{path_of(ds)}/{resource}", headers=headers, params=params)


def test_all_frames_are_one_h264_video(shared_web: Web, cine: Dataset) -> None:
    answer = rendered(shared_web, cine)
    found = read_answer(answer)
    assert (found.codec, found.pixel_format, found.rate) == ("h264", "yuv420p", Fraction(20))
    assert found.seconds == pytest.approx(0.25)
    assert near(found.greys, GREYS), found.greys
    # What a player needs first comes first.
    kinds = boxes(answer.content)
    assert kinds[0] == b"ftyp"
    assert kinds.index(b"moov") < kinds.index(b"mdat")


@pytest.mark.parametrize(
    ("timing", "rate"),
    [
        ({"RecommendedDisplayFrameRate": "5", "FrameTime": "50"}, Fraction(5)),
        ({"CineRate": "24"}, Fraction(24)),
        ({"FrameTime": "33.366"}, Fraction(30000, 1001)),
        ({"FrameTimeVector": ["0", "30", "50", "40", "40"]}, Fraction(25)),
        ({}, Fraction(10)),
    ],
)
def test_the_rate_is_that_of_the_object(
    shared_web: Web, tmp_path: Path, timing: dict[str, Any], rate: Fraction
) -> None:
    ds = frames(**timing)
    shared_web.receive(saved(ds, tmp_path))
    assert float(read_answer(rendered(shared_web, ds)).rate) == pytest.approx(float(rate), rel=1e-3)


def test_window_and_viewport_apply(shared_web: Web, cine: Dataset) -> None:
    found = read_answer(rendered(shared_web, cine, window="110,100,linear-exact", viewport="32,32"))
    assert found.frames[0].shape == (24, 32, 3)
    assert near(found.greys, [0, 0, 128, 255, 255], tolerance=3), found.greys


def test_less_quality_is_smaller(shared_web: Web, tmp_path: Path) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (6, 128, 128), np.uint8)
    ds = image(noise[0], NumberOfFrames=6, PixelData=noise.tobytes(), **WINDOW)
    shared_web.receive(saved(ds, tmp_path))
    sizes = [len(rendered(shared_web, ds, quality=quality).content) for quality in ("100", "90", "10")]
    assert sizes[0] > sizes[1] > 2 * sizes[2]


def test_odd_sizes_become_even(shared_web: Web, tmp_path: Path) -> None:
    ds = frames(rows=33, columns=47)
    shared_web.receive(saved(ds, tmp_path))
    found = read_answer(rendered(shared_web, ds))
    assert found.frames[0].shape == (34, 48, 3)
    assert near(found.greys, GREYS)


def test_the_most_wanted_media_type_is_given(shared_web: Web, cine: Dataset) -> None:
    for accept, expected in (
        ("*/*", "image/jpeg"),
        ("video/*", "video/mp4"),
        ("image/gif;q=0.5, video/mp4;q=0.9", "video/mp4"),
        ("image/png, video/mp4;q=0.9", "image/png"),
        ("video/mpeg, image/gif;q=0.2", "image/gif"),
    ):
        assert rendered(shared_web, cine, {"Accept": accept}).headers["content-type"] == expected
    assert rendered(shared_web, cine, {}, accept="video/mp4").headers["content-type"] == "video/mp4"


def test_what_does_not_move_is_no_video(shared_web: Web, cine: Dataset, tmp_path: Path) -> None:
    ds = image(np.zeros((16, 16), np.uint8), **WINDOW)
    shared_web.receive(saved(ds, tmp_path))
    assert rendered(shared_web, ds).status_code == 406
    assert rendered(shared_web, cine, resource="frames/2/rendered").status_code == 406
    assert rendered(shared_web, cine, {"Accept": "video/mpeg"}).status_code == 406
    assert rendered(shared_web, cine, {"Accept": "video/H265"}).status_code == 406


def test_too_much_is_refused_until_it_is_small(shared_web: Web, tmp_path: Path) -> None:
    ds = image(np.zeros((2, 5000), np.uint8), NumberOfFrames=2, PixelData=bytes(20_000), **WINDOW)
    shared_web.receive(saved(ds, tmp_path))
    assert rendered(shared_web, ds).status_code == 406
    assert len(read_answer(rendered(shared_web, ds, viewport="2000,2000")).frames) == 2


def test_ranges_and_entity_tags_work(shared_web: Web, cine: Dataset) -> None:
    whole = rendered(shared_web, cine)
    assert whole.headers["accept-ranges"] == "bytes"
    part = rendered(shared_web, cine, {**MP4, "Range": "bytes=100-299"})
    assert (part.status_code, part.content) == (206, whole.content[100:300])
    assert rendered(shared_web, cine, {**MP4, "If-None-Match": whole.headers["etag"]}).status_code == 304


def test_a_series_is_rendered_in_parts(shared_web: Web, cine: Dataset) -> None:
    accept = {"Accept": 'multipart/related; type="video/mp4"'}
    for path in (f"/studies/{cine.StudyInstanceUID}", path_of(cine).rpartition("/instances")[0], path_of(cine)):
        ((media_type, content),) = opened(shared_web.http.get(f"{path}/rendered", headers=accept))
        assert media_type == "video/mp4"
        assert near(read_video(content).greys, GREYS)


def test_wado_uri_gives_video_too(shared_web: Web, cine: Dataset) -> None:
    params = {"requestType": "WADO", "studyUID": cine.StudyInstanceUID, "seriesUID": cine.SeriesInstanceUID}
    params |= {"objectUID": cine.SOPInstanceUID, "contentType": "video/mp4", "columns": "32"}
    url = shared_web.url.removesuffix("/dicom-web") + "/wado"
    found = read_answer(shared_web.http.get(url, params=params))
    assert found.frames[0].shape == (24, 32, 3)
    assert shared_web.http.get(url, params={**params, "frameNumber": "1"}).status_code == 406


STREAMS = {
    "MP4": (MPEG4HP41, "mp4", "libx264"),
    "H.264 in a transport stream": (MPEG4HP41, "mpegts", "libx264"),
    "H.264 alone": (MPEG4HP41, "h264", "libx264"),
    "MPEG-2 alone": (MPEG2MPML, "mpeg2video", "mpeg2video"),
    "MPEG-2 in a program stream": (MPEG2MPMLF, "mpeg", "mpeg2video"),
    "HEVC in a transport stream": (HEVCMP51, "mpegts", "libx265"),
}


def stored(web: Web, folder: Path, name: str, fragment_bytes: int | None = None) -> tuple[Dataset, bytes]:
    syntax, container, codec = STREAMS[name]
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    content = stream_of(grey_frames(), container, codec, options=options)
    ds = video(content, grey_frames(), fragment_bytes)
    web.receive(saved(ds, folder, syntax))
    return ds, content


@pytest.mark.parametrize("name", STREAMS)
def test_stored_video_is_played_as_mp4(shared_web: Web, tmp_path: Path, name: str) -> None:
    ds, content = stored(shared_web, tmp_path, name)
    answer = rendered(shared_web, ds)
    found = read_answer(answer)
    assert found.codec == "h264"
    assert found.rate == Fraction(25)
    assert near(found.greys, GREYS, tolerance=4), found.greys
    assert (answer.content == content) == (name == "MP4")


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("MP4", "video/mp4"), ("MPEG-2 alone", "video/mpeg"), ("HEVC in a transport stream", "video/H265")],
)
def test_8_7_3_3_the_stored_stream_is_given_as_it_is(
    shared_web: Web, tmp_path: Path, name: str, media_type: str
) -> None:
    ds, content = stored(shared_web, tmp_path, name, fragment_bytes=100)
    for accept in (media_type, "*/*", "video/*"):
        answer = rendered(shared_web, ds, {"Accept": accept})
        assert answer.headers["content-type"] == media_type
        assert answer.content.removesuffix(b"\0") == content.removesuffix(b"\0")
    part = rendered(shared_web, ds, {"Accept": media_type, "Range": "bytes=90-309"})
    assert (part.status_code, part.content) == (206, content[90:310])
    assert rendered(shared_web, ds, {"Accept": "video/*", "If-None-Match": answer.headers["etag"]}).status_code == 304


def test_8_7_3_3_stored_video_is_bulk_data(shared_web: Web, tmp_path: Path) -> None:
    ds, content = stored(shared_web, tmp_path, "MP4", fragment_bytes=100)
    media_type = f"video/mp4;transfer-syntax={MPEG4HP41}"

    def get(resource: str, accept: str) -> Any:
        answer = shared_web.http.get(f"{path_of(ds)}/{resource}", headers={"Accept": accept})
        return answer if answer.status_code == 200 else answer.status_code

    whole = get("bulkdata/7FE00010", "video/mp4")
    assert (whole.headers["content-type"], whole.content) == (media_type, content)
    assert get("bulkdata/7FE00010", media_type).content == content
    assert get("bulkdata/7FE00010", "application/octet-stream; transfer-syntax=*").content == content
    assert get("bulkdata/7FE00010", f"video/mp4; transfer-syntax={HEVCMP51}") == 406
    assert get("bulkdata/7FE00010", "video/mpeg") == 406
    for resource in ("bulkdata", "pixeldata"):
        ((_, part),) = opened(get(resource, 'multipart/related; type="video/mp4"'))
        assert part == content
        assert get(resource, 'multipart/related; type="video/mpeg"') == 406


def test_8_7_3_video_is_given_as_it_is_stored_where_no_transfer_syntax_is_named(
    shared_web: Web, tmp_path: Path
) -> None:
    """The default is for what can be decoded: one video must not make a whole study impossible to retrieve."""
    ds, _ = stored(shared_web, tmp_path, "MP4")
    for accept in ("application/dicom", "application/dicom; transfer-syntax=*"):
        answer = shared_web.http.get(path_of(ds), headers={"Accept": accept})
        assert answer.headers["content-type"] == f"application/dicom;transfer-syntax={MPEG4HP41}"
    assert shared_web.http.get(f"/studies/{ds.StudyInstanceUID}").status_code == 200
    explicit = "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
    assert shared_web.http.get(path_of(ds), headers={"Accept": explicit}).status_code == 406


def test_stored_video_has_another_size_when_it_is_wanted(shared_web: Web, tmp_path: Path) -> None:
    ds, _ = stored(shared_web, tmp_path, "MP4")
    found = read_answer(rendered(shared_web, ds, viewport="32,32"))
    assert found.frames[0].shape == (24, 32, 3)
    assert near(found.greys, GREYS, tolerance=4)


def test_pictures_of_stored_video(shared_web: Web, tmp_path: Path) -> None:
    ds, _ = stored(shared_web, tmp_path, "H.264 in a transport stream")
    for number, grey in enumerate(GREYS, start=1):
        assert abs(int(shown(shared_web, ds, f"frames/{number}/rendered").mean()) - grey) <= 4
    assert abs(int(shown(shared_web, ds).mean()) - GREYS[0]) <= 4
    assert shown(shared_web, ds, "thumbnail").shape == (96, 128, 3)
    assert shared_web.http.get(f"{path_of(ds)}/frames/6/rendered").status_code == 404
    assert rendered(shared_web, ds, {"Accept": "image/gif"}).content[:4] == b"GIF8"


def test_what_is_no_video_is_refused_and_nothing_else_suffers(shared_web: Web, cine: Dataset, tmp_path: Path) -> None:
    ds = video(np.random.default_rng(3).bytes(5000), grey_frames())
    shared_web.receive(saved(ds, tmp_path, MPEG4HP41))
    assert rendered(shared_web, ds).status_code == 406
    assert rendered(shared_web, ds, {"Accept": "image/png"}).status_code == 406
    assert rendered(shared_web, cine).status_code == 200


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    if not browser.EXECUTABLE.exists():
        pytest.skip("Debian's package chromium is not installed; `make test` installs it")
    with browser.chromium() as context:
        yield context.new_page()


# Plays a video to its end, goes back to its middle, and gives its size, its duration, and the grey value there.
PLAY = """async (url) => {
    const video = document.createElement("video");
    video.muted = true;
    video.src = url;
    document.body.replaceChildren(video);
    await new Promise((resolve, reject) => {
        video.onerror = () => reject(new Error(video.error.message));
        video.onended = resolve;
        video.play().catch(reject);
    });
    await new Promise((resolve) => {
        video.requestVideoFrameCallback(resolve);
        video.currentTime = video.duration / 2;
    });
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight).getContext("2d");
    canvas.drawImage(video, 0, 0);
    return [video.videoWidth, video.videoHeight, video.duration, canvas.getImageData(32, 24, 1, 1).data[0]];
}"""


@pytest.mark.browser
def test_chromium_plays_them(shared_web: Web, cine: Dataset, page: Page, tmp_path: Path) -> None:
    transport_stream, _ = stored(shared_web, tmp_path, "H.264 in a transport stream")
    page.goto(f"{shared_web.url}/studies")
    for ds, duration in ((cine, 0.25), (transport_stream, 0.2)):
        width, height, seconds, grey = page.evaluate(PLAY, f"{shared_web.url}{path_of(ds)}/rendered?accept=video/mp4")
        assert (width, height) == (64, 48)
        assert seconds == pytest.approx(duration, abs=0.05)
        assert abs(grey - GREYS[2]) <= 4
