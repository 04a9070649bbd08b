"""Rules of PS3.18 for retrieving, a case each: the section, what is asked, and what the answer is."""

from pathlib import Path

import httpx
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from tests.archive.dicom_files import PACKAGED
from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, path_of, ramp, saved

OCTETS, PARTS = "application/octet-stream", 'multipart/related; type="{}"'
DICOM, JSON = "application/dicom", "application/dicom+json"
JPEG_2000 = "MR_small_jp2klossless.dcm"

# Section, resource (of the instance; ~ of the series, ~~ of the study), headers, status, media type of the answer.
RULES: list[tuple[str, str, dict[str, str], int, str]] = [
    ("8.3.3.1 accept as a query parameter", "/rendered?accept=image/png", {"Accept": "image/jpeg"}, 200, "image/png"),
    ("8.7.5 the most wanted first", "/rendered", {"Accept": "image/gif;q=0.2, image/png;q=0.9"}, 200, "image/png"),
    ("8.7.5 what is not wanted", "/rendered", {"Accept": "image/jpeg;q=0, text/html"}, 406, ""),
    ("8.7.5 nothing named", "/rendered", {}, 200, "image/jpeg"),
    ("8.7.3.5.1 type with quotes", "", {"Accept": PARTS.format(DICOM)}, 200, "multipart/related"),
    ("8.7.3.5.1 type without quotes", "", {"Accept": f"multipart/related; type={DICOM}"}, 200, "multipart/related"),
    ("8.7.3.5.2 any transfer syntax", "", {"Accept": f"{DICOM}; transfer-syntax=*"}, 200, DICOM),
    ("8.7.3.5.2 one that cannot be had", "", {"Accept": f"{DICOM}; transfer-syntax=1.2.3"}, 406, ""),
    ("8.7.5 any application is one file", "", {"Accept": "application/*"}, 200, DICOM),
    ("8.7.5 any parts", "", {"Accept": "multipart/*"}, 200, "multipart/related"),
    ("10.4.4 octets are the bulk data of an instance", "", {"Accept": PARTS.format(OCTETS)}, 200, "multipart/related"),
    ("10.4.4 octets are the bulk data of a study", "~~", {"Accept": PARTS.format(OCTETS)}, 200, "multipart/related"),
    ("10.4.1.1.1 an instance in parts", "", {"Accept": PARTS.format(DICOM)}, 200, "multipart/related"),
    ("10.4.1.1.1 a series in parts", "~", {"Accept": PARTS.format(DICOM)}, 200, "multipart/related"),
    ("10.4.1.1.1 a study in parts", "~~", {"Accept": PARTS.format(DICOM)}, 200, "multipart/related"),
    ("10.4.1.1.2 metadata of an instance", "/metadata", {"Accept": JSON}, 200, JSON),
    ("10.4.1.1.2 metadata of a series", "~/metadata", {"Accept": JSON}, 200, JSON),
    ("10.4.1.1.2 metadata of a study", "~~/metadata", {"Accept": JSON}, 200, JSON),
    (
        "10.4.1.1.2 metadata as XML",
        "/metadata",
        {"Accept": PARTS.format("application/dicom+xml")},
        200,
        "multipart/related",
    ),
    ("10.4.1.1.3 a rendered instance", "/rendered", {"Accept": "image/jpeg"}, 200, "image/jpeg"),
    ("10.4.1.1.3 a rendered series", "~/rendered", {"Accept": PARTS.format("image/jpeg")}, 200, "multipart/related"),
    ("10.4.1.1.3 a rendered study", "~~/rendered", {"Accept": PARTS.format("image/jpeg")}, 200, "multipart/related"),
    ("10.4.1.1.3 rendered frames", "/frames/1,2/rendered", {}, 200, "multipart/related"),
    ("10.4.1.1.3 one rendered frame", "/frames/2/rendered", {"Accept": "image/png"}, 200, "image/png"),
    ("10.4.1.1.4 a thumbnail of a frame", "/frames/2/thumbnail", {}, 200, "image/jpeg"),
    ("10.4.1.1.4 a thumbnail of an instance", "/thumbnail", {"Accept": "image/png"}, 200, "image/png"),
    ("10.4.1.1.4 a thumbnail of a series", "~/thumbnail", {}, 200, "image/jpeg"),
    ("10.4.1.1.4 a thumbnail of a study", "~~/thumbnail", {}, 200, "image/jpeg"),
    ("10.4.1.1.5 bulk data of an instance", "/bulkdata", {}, 200, "multipart/related"),
    ("10.4.1.1.5 bulk data of a series", "~/bulkdata", {}, 200, "multipart/related"),
    ("10.4.1.1.5 bulk data of a study", "~~/bulkdata", {}, 200, "multipart/related"),
    ("10.4.1.1.5 one value", "/bulkdata/00420011", {}, 200, OCTETS),
    (
        "10.4.1.1.5 one value in a part",
        "/bulkdata/00420011",
        {"Accept": PARTS.format(OCTETS)},
        200,
        "multipart/related",
    ),
    ("10.4.1.1.5 one value in a sequence", "/bulkdata/00880200/1/7FE00010", {}, 200, OCTETS),
    ("10.4.1.1.5 no such value", "/bulkdata/00420012", {}, 404, ""),
    (
        "8.7.3.5.2 one value in a transfer syntax that it has not",
        "/bulkdata/00420011",
        {"Accept": f"{OCTETS}; transfer-syntax=1.2.840.10008.1.2.4.90"},
        406,
        "",
    ),
    ("10.4.1.1.5 only as octets", "/bulkdata/00420011", {"Accept": "image/jpeg"}, 406, ""),
    ("10.4.1.1.6 frames", "/frames/2,1", {"Accept": PARTS.format(OCTETS)}, 200, "multipart/related"),
    ("10.4.1.1.6 a frame alone", "/frames/2", {"Accept": OCTETS}, 200, OCTETS),
    ("10.4.1.1.6 a frame that is not there", "/frames/3", {}, 404, ""),
    ("10.4.1.1.7 pixel data of an instance", "/pixeldata", {}, 200, "multipart/related"),
    ("10.4.1.1.7 pixel data of a series", "~/pixeldata", {}, 200, "multipart/related"),
    ("10.4.1.1.7 pixel data of a study", "~~/pixeldata", {}, 200, "multipart/related"),
    ("10.4.1.1.7 pixel data without parts", "/pixeldata", {"Accept": OCTETS}, 406, ""),
    ("8.3.5.1.1 annotation", "/rendered?annotation=patient,technique", {}, 200, "image/jpeg"),
    ("8.3.5.1.1 another annotation", "/rendered?annotation=weather", {}, 400, ""),
    ("8.3.5.1.2 quality", "/rendered?quality=101", {}, 400, ""),
    ("8.3.5.1.3 viewport", "/rendered?viewport=8,8,2,2,-4,-4", {}, 200, "image/jpeg"),
    ("8.3.5.1.3 a viewport of nothing", "/rendered?viewport=0,0", {}, 400, ""),
    ("8.3.5.1.3 a viewport beside the image", "/rendered?viewport=8,8,900,900,4,4", {}, 400, ""),
    ("8.3.5.1.4 window", "/rendered?window=40,400,linear", {}, 200, "image/jpeg"),
    ("8.3.5.1.4 a window without width", "/rendered?window=40", {}, 400, ""),
    ("8.3.5.1.5 colour profile", "/rendered?iccprofile=srgb", {}, 200, "image/jpeg"),
]


def bodies(answer: httpx.Response) -> list[bytes]:
    """Give the content of each part."""
    boundary = answer.headers["content-type"].rpartition("boundary=")[2].encode()
    parts = answer.content.split(b"--" + boundary)[1:-1]
    return [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in parts]


@pytest.fixture(scope="module")
def kept(shared_web: Web, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Keep an image of two frames, with a document and an icon."""
    folder: Path = tmp_path_factory.mktemp("kept")
    samples = np.arange(2 * 16 * 24, dtype=np.uint16).reshape(2, 16, 24)
    icon = Dataset()
    icon.add_new(0x7FE00010, "OB", bytes(2000))
    ds = image(
        samples[0],
        NumberOfFrames=2,
        PixelData=samples.tobytes(),
        EncapsulatedDocument=bytes(3000),
        IconImageSequence=[icon],
    )
    shared_web.receive(saved(ds, folder))
    return ds


@pytest.mark.parametrize(
    ("section", "resource", "headers", "status", "media_type"), RULES, ids=[rule[0] for rule in RULES]
)
def test_a_rule_is_kept(  # noqa: PLR0917 - the columns of the table
    shared_web: Web, kept: Dataset, section: str, resource: str, headers: dict[str, str], status: int, media_type: str
) -> None:
    above = resource.count("~")
    path = "/".join(path_of(kept).split("/")[: 7 - 2 * above]) + resource.lstrip("~")
    answer = shared_web.http.get(path, headers=headers)
    assert answer.status_code == status, section
    assert answer.headers["content-type"].partition(";")[0] == (media_type or "application/problem+json"), section


def test_a_compressed_value_is_found_where_metadata_say(shared_web: Web) -> None:
    """PS3.18 Section 10.4.3.3.5: Content-Location is the URI of the metadata."""
    shared_web.receive(PACKAGED / JPEG_2000)
    ds = dcmread(PACKAGED / JPEG_2000)
    (metadata,) = shared_web.json(f"{path_of(ds)}/metadata")
    answer = shared_web.http.get(f"{path_of(ds)}/pixeldata", headers={"Accept": PARTS.format("image/jp2")})
    assert f"Content-Location: {metadata['7FE00010']['BulkDataURI']}\r\n".encode() in answer.content


def test_octets_of_an_instance_are_its_bulk_data(shared_web: Web, kept: Dataset) -> None:
    """PS3.18 Table 10.4.4-1, Note 2."""
    headers = {"Accept": PARTS.format(OCTETS)}
    octets, bulk = (bodies(shared_web.http.get(path_of(kept) + end, headers=headers)) for end in ("", "/bulkdata"))
    assert octets == bulk
    assert len(bulk) == 3


def test_bulk_data_that_cannot_be_had_as_wanted_does_not_end_the_answer(shared_web: Web, tmp_path: Path) -> None:
    """PS3.18 Section 10.4.1.1.5: of a series with compressed and other images, and icons, as JPEG 2000 only."""
    bits = {"Rows": 4, "Columns": 8, "BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}
    uids = {"StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid()}
    for number in (1, 2, 3):
        # Single bits have no form in JPEG 2000.
        ds = image(np.zeros((4, 1), np.uint8), **bits) if number == 2 else dcmread(PACKAGED / JPEG_2000)
        ds.InstanceNumber, ds.SOPInstanceUID = number, generate_uid()
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        icon = Dataset()
        icon.add_new(0x7FE00010, "OB", bytes(2000))
        ds.IconImageSequence = [icon]
        for name, uid in uids.items():
            setattr(ds, name, uid)
        shared_web.receive(saved(ds, tmp_path, ds.file_meta.TransferSyntaxUID))
    series = "/studies/{StudyInstanceUID}/series/{SeriesInstanceUID}".format(**uids)
    for resource in ("bulkdata", "pixeldata"):
        answer = shared_web.http.get(f"{series}/{resource}", headers={"Accept": PARTS.format("image/jp2")})
        assert answer.status_code == 200
        assert len(bodies(answer)) == 2
        nothing = shared_web.http.get(f"{series}/{resource}", headers={"Accept": PARTS.format("image/jphc")})
        assert nothing.status_code == 406


@pytest.mark.parametrize("accept", ["application/pdf", 'multipart/related; type="application/pdf"'])
def test_a_document_is_given_as_what_it_is(shared_web: Web, tmp_path: Path, accept: str) -> None:
    """PS3.18-2018 Section 6.5.3.2.2, and as viewers ask: `accept=application/pdf` behind the URI."""
    document = b"%PDF-" + bytes(2000)
    ds = image(ramp(), EncapsulatedDocument=document + b"\0", EncapsulatedDocumentLength=len(document))
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"
    del ds.PixelData, ds.Rows, ds.Columns
    shared_web.receive(saved(ds, tmp_path))
    (metadata,) = shared_web.json(f"{path_of(ds)}/metadata")
    uri = metadata["00420011"]["BulkDataURI"]
    answer = shared_web.http.get(uri, params={"accept": accept})
    assert answer.status_code == 200
    assert "application/pdf" in answer.headers["content-type"]
    assert (bodies(answer) if "multipart" in accept else [answer.content]) == [document]
    # Without a wish it stays the value as it is stored.
    assert shared_web.http.get(uri).content == document + b"\0"
    assert shared_web.http.get(uri, headers={"Accept": "text/html"}).status_code == 406


def test_every_part_says_where_it_is_found_alone(shared_web: Web, kept: Dataset) -> None:
    """PS3.18 Section 8.6.1.2.1: Content-Location, which can be asked for."""
    for resource in ("/bulkdata", "/pixeldata", "/frames/1,2", "/frames/1,2/rendered", ""):
        answer = shared_web.http.get(path_of(kept) + resource)
        places = [
            line.partition(b": ")[2].decode()
            for line in answer.content.split(b"\r\n")
            if line.startswith(b"Content-Location: ")
        ]
        assert places
        assert {shared_web.http.get(place).status_code for place in places} == {200}
