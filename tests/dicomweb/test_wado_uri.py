"""WADO-URI: one object by a query string (PS3.18 Section 9), a case for each rule."""

from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.archive.dicom_files import PACKAGED
from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, ramp, saved
from tests.dicomweb.test_presentation_states import WINDOW, exact, state_of

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"


def asked(web: Web, ds: Dataset, accept: str = "*/*", tag: str = "", **parameters: str | None) -> httpx.Response:
    """Ask with the required parameters; None leaves one out."""
    query = {
        "requestType": "WADO",
        "studyUID": ds.StudyInstanceUID,
        "seriesUID": ds.SeriesInstanceUID,
        "objectUID": ds.SOPInstanceUID,
        **parameters,
    }
    url = web.url.removesuffix("/dicom-web") + "/wado"
    params = {name: str(value) for name, value in query.items() if value is not None}
    return web.http.get(url, params=params, headers={"Accept": accept, "If-None-Match": tag})


def picture(answer: httpx.Response, media_type: str = "image/png") -> Any:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == media_type
    return np.asarray(Image.open(BytesIO(answer.content)))


@pytest.fixture
def ct(web: Web, tmp_path: Path) -> Dataset:
    ds = image(ramp(), WindowCenter="200", WindowWidth="100")
    web.receive(saved(ds, tmp_path, IMPLICIT))
    return ds


@pytest.mark.parametrize("name", ["requestType", "studyUID", "seriesUID", "objectUID"])
def test_9_1_2_1_what_is_required_must_be_there(web: Web, ct: Dataset, name: str) -> None:
    for value in (None, "", "a b"):
        parameters: Any = {name: value}
        answer = asked(web, ct, **parameters)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert name in answer.json()["detail"]


@pytest.mark.parametrize("name", ["studyUID", "seriesUID", "objectUID"])
def test_9_1_2_1_what_is_not_there_is_404(web: Web, ct: Dataset, name: str) -> None:
    assert asked(web, ct, **{name: "1.2.3"}).status_code == 404


def test_9_1_3_an_image_is_a_jpeg_by_default(web: Web, ct: Dataset) -> None:
    assert picture(asked(web, ct), "image/jpeg").shape == (16, 24)
    assert picture(asked(web, ct, contentType="image/png")).shape == (16, 24)
    assert picture(asked(web, ct, contentType="image/tiff, image/png")).shape == (16, 24)
    assert picture(asked(web, ct, accept="image/png")).shape == (16, 24)
    both = asked(web, ct, accept="image/png", contentType="image/gif")
    assert both.headers["content-type"] == "image/gif"


@pytest.mark.parametrize("content_type", ["image/tiff", "text/html", "junk", "application/pdf"])
def test_9_1_2_1_other_content_types_are_406(web: Web, ct: Dataset, content_type: str) -> None:
    assert asked(web, ct, contentType=content_type).status_code == 406


@pytest.mark.parametrize(("wanted", "given"), [(None, EXPLICIT), (IMPLICIT, IMPLICIT), ("1.2.840.10008.1.2.4.80",) * 2])
def test_9_1_2_2_objects_come_in_the_transfer_syntax_asked_for(
    web: Web, ct: Dataset, wanted: str | None, given: str
) -> None:
    answer = asked(web, ct, contentType="application/dicom", transferSyntax=wanted)
    assert answer.headers["content-type"] == f"application/dicom;transfer-syntax={given}"
    found = dcmread(BytesIO(answer.content))
    assert found.file_meta.TransferSyntaxUID == given
    assert np.array_equal(found.pixel_array, ramp())


def test_9_1_3_media_types_have_no_transfer_syntax_here(web: Web, ct: Dataset) -> None:
    """It is forbidden for the URI service, which has a query parameter for it: what is said so is passed over."""
    answer = asked(web, ct, contentType=f"application/dicom;transfer-syntax={IMPLICIT}")
    assert answer.headers["content-type"] == f"application/dicom;transfer-syntax={EXPLICIT}"


@pytest.mark.parametrize("name", ["windowCenter", "windowWidth"])
def test_9_5_1_2_6_an_object_as_it_is_has_no_window(web: Web, ct: Dataset, name: str) -> None:
    window = {"windowCenter": "200", "windowWidth": "100"}
    assert asked(web, ct, contentType="application/dicom", **window).status_code == 400
    assert asked(web, ct, contentType="application/dicom", **{name: "100"}).status_code == 400


def test_9_1_2_2_transfer_syntaxes_that_cannot_be_had_are_refused(web: Web, ct: Dataset) -> None:
    dicom = {"contentType": "application/dicom"}
    assert asked(web, ct, transferSyntax="1.2.840.10008.1.2.4.50", **dicom).status_code == 406
    assert asked(web, ct, transferSyntax="junk", **dicom).status_code == 400
    assert asked(web, ct, transferSyntax=EXPLICIT).status_code == 400


def test_9_1_2_2_the_window_is_that_of_the_request(web: Web, ct: Dataset) -> None:
    found = picture(asked(web, ct, contentType="image/png", windowCenter="50", windowWidth="60"))
    assert np.abs(found - exact(ramp(), 50, 60)).max() <= 1
    for window in ({"windowCenter": "50"}, {"windowWidth": "50"}, {"windowCenter": "x", "windowWidth": "5"}):
        assert asked(web, ct, **window).status_code == 400
    assert asked(web, ct, windowCenter="5", windowWidth="0").status_code == 400


@pytest.mark.parametrize(
    ("parameters", "shape"),
    [
        ({"rows": "8"}, (8, 12)),
        ({"columns": "12"}, (8, 12)),
        ({"rows": "8", "columns": "100"}, (8, 12)),
        ({"rows": "32", "columns": "48"}, (32, 48)),
    ],
)
def test_9_1_2_2_rows_and_columns_are_the_largest_size(
    web: Web, ct: Dataset, parameters: dict[str, str], shape: tuple[int, int]
) -> None:
    assert picture(asked(web, ct, contentType="image/png", **parameters)).shape == shape


@pytest.mark.parametrize("name", ["rows", "columns"])
@pytest.mark.parametrize("value", ["0", "-1", "1e9", "x", "99999", ""])
def test_9_1_2_2_sizes_that_are_none_are_refused(web: Web, ct: Dataset, name: str, value: str) -> None:
    assert asked(web, ct, **{name: value}).status_code == 400


def test_9_1_2_2_a_region_is_in_parts_of_the_image(web: Web, ct: Dataset) -> None:
    found = picture(asked(web, ct, contentType="image/png", region="0.25,0.5,0.75,1.0"))
    assert np.abs(found - exact(ramp(), 200, 100)[8:, 6:18]).max() <= 1
    smaller = picture(asked(web, ct, contentType="image/png", region="0.25,0.5,0.75,1.0", rows="4"))
    assert smaller.shape == (4, 6)


@pytest.mark.parametrize(
    "region", ["", "0,0,1", "0,0,2,1", "0.5,0,0.5,1", "0.6,0,0.5,1", "a,b,c,d", "nan,0,1,1", "-1,0,1,1"]
)
def test_9_1_2_2_regions_that_are_none_are_refused(web: Web, ct: Dataset, region: str) -> None:
    assert asked(web, ct, region=region).status_code == 400


def test_9_1_2_2_frames_are_counted_from_1(web: Web, tmp_path: Path) -> None:
    samples = np.stack([ramp(), ramp()[::-1]])
    window = {"WindowCenter": "200", "WindowWidth": "100"}
    ds = image(samples[0], NumberOfFrames=2, PixelData=samples.tobytes(), **window)
    web.receive(saved(ds, tmp_path))
    for number in (1, 2):
        found = picture(asked(web, ds, contentType="image/png", frameNumber=str(number)))
        assert np.abs(found - exact(samples[number - 1], 200, 100)).max() <= 1
    # Section 9.5.2.1: more than there are is no missing resource.
    for wrong in ("0", "-1", "x", "1,2", "3"):
        assert asked(web, ds, frameNumber=wrong).status_code == 400
    # Of all frames together the object is the default, and a GIF shows them.
    assert asked(web, ds).headers["content-type"].startswith("application/dicom")
    assert asked(web, ds, contentType="image/gif").headers["content-type"] == "image/gif"


@pytest.mark.parametrize(("quality", "status"), [("1", 200), ("100", 200), ("0", 400), ("101", 400), ("x", 400)])
def test_9_1_2_2_quality_is_from_1_to_100(web: Web, ct: Dataset, quality: str, status: int) -> None:
    assert asked(web, ct, imageQuality=quality).status_code == status


def test_9_1_2_2_annotation_is_written(web: Web, ct: Dataset) -> None:
    plain = picture(asked(web, ct, contentType="image/png"))
    assert not np.array_equal(picture(asked(web, ct, contentType="image/png", annotation="patient")), plain)
    assert asked(web, ct, annotation="junk").status_code == 400


def test_9_1_2_2_a_presentation_state_says_how_the_image_is_shown(web: Web, tmp_path: Path) -> None:
    ds = image(ramp())
    state = state_of(ds, ImageHorizontalFlip="Y", **WINDOW)
    web.receive(saved(ds, tmp_path), saved(state, tmp_path))
    uids = {"presentationSeriesUID": state.SeriesInstanceUID, "presentationUID": state.SOPInstanceUID}
    found = picture(asked(web, ds, contentType="image/png", **uids))
    assert np.abs(found[..., 0] - exact(ramp(), 200, 100)[:, ::-1]).max() <= 1
    assert asked(web, ds, windowCenter="1", windowWidth="2", **uids).status_code == 400
    # Sections 9.5.1.2.7 and 9.5.2.3: both UIDs, of a state that is here, and nothing that the state says itself.
    assert asked(web, ds, presentationUID=state.SOPInstanceUID).status_code == 400
    assert asked(web, ds, presentationSeriesUID=state.SeriesInstanceUID).status_code == 400
    assert asked(web, ds, frameNumber="1", **uids).status_code == 400
    for name in uids:
        assert asked(web, ds, **{**uids, name: "1.2.3"}).status_code == 400


@pytest.mark.parametrize("value", ["yes", "no", ""])
def test_9_1_2_2_nothing_is_anonymized(web: Web, ct: Dataset, value: str) -> None:
    assert asked(web, ct, contentType="application/dicom", anonymize=value).status_code == 400


@pytest.mark.filterwarnings("ignore")
def test_9_1_3_reports_are_pages_by_default(web: Web) -> None:
    path = PACKAGED / "test-SR.dcm"
    web.receive(path)
    ds = dcmread(path)
    assert asked(web, ds).headers["content-type"] == "text/html;charset=utf-8"
    assert asked(web, ds, contentType="text/plain").headers["content-type"] == "text/plain;charset=utf-8"
    assert asked(web, ds, contentType="application/dicom").headers["content-type"].startswith("application/dicom")


def test_9_1_3_what_cannot_be_shown_is_given_as_it_is(web: Web, tmp_path: Path) -> None:
    ds = image(ramp(), SOPClassUID="1.2.840.10008.5.1.4.1.1.481.5")
    del ds.PixelData, ds.Rows, ds.Columns
    web.receive(saved(ds, tmp_path))
    assert asked(web, ds).headers["content-type"].startswith("application/dicom")


def test_what_the_standard_does_not_know_is_left_alone(web: Web, ct: Dataset) -> None:
    assert asked(web, ct, session="abc").status_code == 200


def test_head_and_conditional_requests_work_here_too(web: Web, ct: Dataset) -> None:
    tag = asked(web, ct).headers["etag"]
    assert asked(web, ct, tag=tag).status_code == 304
