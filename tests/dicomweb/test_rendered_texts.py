"""Reports, documents and structure sets, rendered as what people read (PS3.18 Section 8.7.4)."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

from tests.archive.dicom_files import PACKAGED
from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, path_of, ramp, saved
from tests.dicomweb.pictures import opened, shown

BASIC_TEXT_SR = "1.2.840.10008.5.1.4.1.1.88.11"
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
PDF, CDA, STL = (f"1.2.840.10008.5.1.4.1.1.104.{number}" for number in (1, 2, 3))
STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"


def without_pixels(sop_class: str, **attributes: Any) -> Dataset:
    ds = image(ramp(), SOPClassUID=sop_class)
    for name in ("Rows", "Columns", "PixelData", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(ds, name)
    for name, value in attributes.items():
        setattr(ds, name, value)
    return ds


def code(meaning: str, value: str = "1") -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "99TEST", meaning
    return Sequence([item])


def item(kind: str, name: str, relationship: str = "CONTAINS", *content: Dataset, **attributes: Any) -> Dataset:
    ds = Dataset()
    ds.RelationshipType, ds.ValueType = relationship, kind
    if name:
        ds.ConceptNameCodeSequence = code(name)
    if content:
        ds.ContentSequence = Sequence(content)
    for attribute, value in attributes.items():
        setattr(ds, attribute, value)
    return ds


def measured(value: str, unit: str) -> Sequence:
    ds = Dataset()
    ds.NumericValue, ds.MeasurementUnitsCodeSequence = value, code(unit, unit)
    return Sequence([ds])


def report() -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPInstanceUID, reference.ReferencedFrameNumber = "1.2.3.4", 7
    finding = item(
        "CONTAINER",
        "Finding <b>",
        "CONTAINS",
        item("TEXT", "Comment", TextValue="A & B <script>alert(1)</script>\r\nsecond line"),
        item("NUM", "Diameter", MeasuredValueSequence=measured("3.5", "mm")),
        item("NUM", "Count", MeasuredValueSequence=measured("2", "1")),
        item("CODE", "Severity", "HAS CONCEPT MOD", ConceptCodeSequence=code("Mild")),
        item("IMAGE", "Seen in", ReferencedSOPSequence=Sequence([reference])),
    )
    return without_pixels(
        BASIC_TEXT_SR,
        ConceptNameCodeSequence=code("Chest CT Report"),
        CompletionFlag="COMPLETE",
        VerificationFlag="UNVERIFIED",
        ContentSequence=Sequence(
            [item("PNAME", "Observer", "HAS OBS CONTEXT", PersonName="Müller^Ada"), finding],
        ),
    )


def rendered(web: Web, ds: Dataset, accept: str = "*/*") -> httpx.Response:
    return web.http.get(f"{path_of(ds)}/rendered", headers={"Accept": accept})


class Tags(HTMLParser):
    """Collects tags and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_report_is_a_page_of_its_content(web: Web, tmp_path: Path) -> None:
    ds = report()
    web.receive(saved(ds, tmp_path))
    answer = rendered(web, ds)
    assert answer.headers["content-type"] == "text/html;charset=utf-8"
    page = Tags(answer.text)
    for text in ("Chest CT Report", "Doe, John", "Diameter: 3.5 mm", "Count: 2", "1.2.3.4 frame 7", "Müller, Ada"):
        assert text in page.text
    assert "Severity (modifier): Mild" in page.text
    assert "Count: 2 1" not in page.text


def test_text_of_a_report_is_never_markup(web: Web, tmp_path: Path) -> None:
    ds = report()
    web.receive(saved(ds, tmp_path))
    answer = rendered(web, ds)
    page = Tags(answer.text)
    assert "script" not in page.tags
    assert "b" not in page.tags
    assert "A & B <script>alert(1)</script>" in page.text
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_report_is_plain_text_too(web: Web, tmp_path: Path) -> None:
    ds = report()
    web.receive(saved(ds, tmp_path))
    answer = rendered(web, ds, "text/plain")
    assert answer.headers["content-type"] == "text/plain;charset=utf-8"
    assert "\nFinding <b>\n  Comment: A & B <script>alert(1)</script>" in answer.text
    xml = rendered(web, ds, "text/xml")
    assert xml.headers["content-type"] == "text/xml;charset=utf-8"
    assert "<NativeDicomModel" in xml.text
    assert rendered(web, ds, "image/jpeg").status_code == 406


def test_a_deep_report_costs_no_stack(web: Web, tmp_path: Path) -> None:
    deepest = item("TEXT", "Leaf", TextValue="at the end")
    for _ in range(40):
        deepest = item("CONTAINER", "Level", "CONTAINS", deepest)
    ds = without_pixels(BASIC_TEXT_SR, ContentSequence=Sequence([deepest]))
    web.receive(saved(ds, tmp_path))
    assert "Leaf: at the end" in rendered(web, ds).text
    assert "Leaf: at the end" in rendered(web, ds, "text/plain").text


def test_key_objects_are_a_report(web: Web, tmp_path: Path) -> None:
    reference = Dataset()
    reference.ReferencedSOPInstanceUID = "1.2.3.9"
    content = item("IMAGE", "", ReferencedSOPSequence=Sequence([reference]))
    ds = without_pixels(KEY_OBJECTS, ConceptNameCodeSequence=code("Of Interest"), ContentSequence=Sequence([content]))
    web.receive(saved(ds, tmp_path))
    page = Tags(rendered(web, ds).text)
    assert "Of Interest" in page.text
    assert "1.2.3.9" in page.text


@pytest.mark.parametrize(("sop_class", "media_type"), [(PDF, "application/pdf"), (CDA, "text/xml"), (STL, "model/stl")])
@pytest.mark.parametrize("length", [2000, 2001])
def test_documents_come_out_as_they_were_put_in(
    web: Web, tmp_path: Path, sop_class: str, media_type: str, length: int
) -> None:
    document = b"%PDF-" + bytes(length - 5)
    ds = without_pixels(sop_class, EncapsulatedDocument=document + bytes(length % 2), EncapsulatedDocumentLength=length)
    web.receive(saved(ds, tmp_path))
    answer = rendered(web, ds)
    assert answer.headers["content-type"] == media_type
    assert answer.content == document
    # The reader of PDF in browsers does not work in a sandbox.
    assert ("sandbox" in answer.headers.get("content-security-policy", "")) == (sop_class != PDF)
    part = web.http.get(f"{path_of(ds)}/rendered", headers={"Range": "bytes=0-4"})
    assert (part.status_code, part.content) == (206, b"%PDF-")


def structure_set(under: Dataset, *contours: list[float]) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = under.SOPClassUID, under.SOPInstanceUID
    drawn = []
    for points in contours:
        contour = Dataset()
        contour.ContourImageSequence = Sequence([reference])
        contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(points) // 3
        contour.ContourData = points
        drawn.append(contour)
    roi, roi_contour, observation = Dataset(), Dataset(), Dataset()
    roi.ROINumber, roi.ROIName = 1, "Liver <i>"
    roi_contour.ReferencedROINumber, roi_contour.ROIDisplayColor = 1, [255, 0, 0]
    roi_contour.ContourSequence = Sequence(drawn)
    observation.ReferencedROINumber, observation.RTROIInterpretedType = 1, "ORGAN"
    return without_pixels(
        STRUCTURE_SET,
        StudyInstanceUID=under.StudyInstanceUID,
        StructureSetLabel="Plan",
        StructureSetROISequence=Sequence([roi]),
        ROIContourSequence=Sequence([roi_contour]),
        RTROIObservationsSequence=Sequence([observation]),
    )


SQUARE = [10.0, 20.0, 5.0, 30.0, 20.0, 5.0, 30.0, 40.0, 5.0, 10.0, 40.0, 5.0]


def axial() -> Dataset:
    return image(
        np.full((64, 64), 100, np.uint8),
        ImagePositionPatient=[0, 0, 5],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        PixelSpacing=[1, 1],
        WindowCenter="128",
        WindowWidth="256",
    )


def test_contours_are_drawn_on_their_image(web: Web, tmp_path: Path) -> None:
    under = axial()
    ds = structure_set(under, SQUARE)
    web.receive(saved(under, tmp_path), saved(ds, tmp_path))
    picture = shown(web, ds)
    assert picture.shape == (64, 64, 3)
    for row, column in ((20, 20), (30, 10), (40, 25)):
        assert picture[row, column].tolist() == [255, 0, 0]
    assert picture[30, 20].tolist() == [100, 100, 100]


def test_contours_are_shown_without_their_image_too(web: Web, tmp_path: Path) -> None:
    ds = structure_set(axial(), SQUARE)
    web.receive(saved(ds, tmp_path))
    picture = shown(web, ds)
    assert picture.shape == (512, 512, 3)
    assert (picture[..., 0] == 255).sum() > 500


def test_structures_are_listed(web: Web, tmp_path: Path) -> None:
    under = axial()
    ds = structure_set(under, SQUARE, [value + 1 for value in SQUARE])
    web.receive(saved(ds, tmp_path))
    page = Tags(rendered(web, ds, "text/html").text)
    assert "Liver <i>" in page.text
    assert "i" not in page.tags
    assert "1\tLiver <i>\tORGAN\t2\t8\t1\n" in rendered(web, ds, "text/plain").text


def test_what_has_no_rendering_is_406(web: Web, tmp_path: Path) -> None:
    ds = without_pixels("1.2.840.10008.5.1.4.1.1.481.5")
    web.receive(saved(ds, tmp_path))
    answer = rendered(web, ds)
    assert answer.status_code == 406
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_series_of_everything_comes_in_parts(web: Web, tmp_path: Path) -> None:
    picture = image(ramp())
    uids = {"StudyInstanceUID": picture.StudyInstanceUID, "SeriesInstanceUID": generate_uid()}
    text, other = report(), without_pixels("1.2.840.10008.5.1.4.1.1.481.5")
    for number, ds in enumerate((text, other), start=2):
        ds.StudyInstanceUID, ds.SeriesInstanceUID = uids["StudyInstanceUID"], uids["SeriesInstanceUID"]
        ds.SeriesNumber = number
    web.receive(*(saved(ds, tmp_path) for ds in (picture, text, other)))
    study = f"/studies/{picture.StudyInstanceUID}/rendered"
    found = opened(web.http.get(study))
    assert [kind for kind, _ in found] == ["image/jpeg", "text/html"]
    both = 'multipart/related; type="text/plain", multipart/related; type="image/png"'
    assert [kind for kind, _ in opened(web.http.get(study, headers={"Accept": both}))] == ["image/png", "text/plain"]
    only = {"Accept": "multipart/related; type=text/html"}
    assert [kind for kind, _ in opened(web.http.get(study, headers=only))] == ["text/html"]
    assert web.http.get(study, headers={"Accept": "image/jpeg"}).status_code == 406
    assert web.http.get(study, headers={"Accept": "multipart/related; type=image/bmp"}).status_code == 406


def test_one_bad_image_does_not_take_its_series_with_it(web: Web, tmp_path: Path) -> None:
    broken, good = PACKAGED / "MR_small_jp2klossless.dcm", image(ramp())
    header = dcmread(broken, stop_before_pixels=True)
    good.StudyInstanceUID, good.SeriesInstanceUID = header.StudyInstanceUID, header.SeriesInstanceUID
    (tmp_path / "broken").write_bytes(broken.read_bytes().replace(b"\xff\x4f\xff\x51", bytes(4)))
    web.receive(tmp_path / "broken", saved(good, tmp_path))
    found = opened(web.http.get(f"/studies/{header.StudyInstanceUID}/rendered"))
    assert [kind for kind, _ in found] == ["image/jpeg"]
