"""WADO-RS: objects and frames over HTTP (PS3.18 Section 10.4)."""

from email import message_from_bytes
from email.message import Message
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from tests.archive.dicom_files import PACKAGED, offset_of, shared, syntax_of
from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, part10, path_of, ramp, saved

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
OHIF_FRAMES = "multipart/related; type=application/octet-stream; transfer-syntax=*"


def parts(answer: httpx.Response) -> list[Message]:
    assert answer.status_code == 200, answer.text
    whole = b"Content-Type: " + answer.headers["content-type"].encode() + b"\r\n\r\n" + answer.content
    found = message_from_bytes(whole).get_payload()
    assert isinstance(found, list)
    return [part for part in found if isinstance(part, Message)]


def content(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    assert isinstance(found, bytes)
    return found


def get(web: Web, path: str, accept: str) -> httpx.Response:
    return web.http.get(path, headers={"Accept": accept})


@pytest.fixture
def ct(web: Web, tmp_path: Path) -> Dataset:
    ds = image(ramp())
    web.receive(saved(ds, tmp_path, IMPLICIT))
    return ds


def test_an_object_comes_back_as_it_is_stored(web: Web, ct: Dataset) -> None:
    (part,) = parts(get(web, path_of(ct), AS_STORED))
    assert part["content-type"] == f"application/dicom;transfer-syntax={IMPLICIT}"
    assert part["content-location"] == web.url + path_of(ct)
    found = dcmread(BytesIO(content(part)))
    assert found.file_meta.TransferSyntaxUID == IMPLICIT
    assert found.PixelData == ct.PixelData


def test_an_object_comes_alone_where_that_is_wanted(web: Web, ct: Dataset) -> None:
    alone = get(web, path_of(ct), "application/dicom; transfer-syntax=*")
    assert alone.headers["content-type"] == f"application/dicom;transfer-syntax={IMPLICIT}"
    assert int(alone.headers["content-length"]) == len(alone.content)
    assert dcmread(BytesIO(alone.content)).PatientName == "Doe^John"


@pytest.mark.parametrize("accept", ["*/*", "multipart/related", 'multipart/related; type="application/dicom"'])
def test_the_default_is_explicit_little_endian(web: Web, ct: Dataset, accept: str) -> None:
    (part,) = parts(get(web, path_of(ct), accept))
    assert dcmread(BytesIO(content(part))).file_meta.TransferSyntaxUID == EXPLICIT


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "junk",
        "image/jpeg",
        'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.50',
        'multipart/related; type="application/dicom"; transfer-syntax=1.2.3',
        'multipart/related; type="application/dicom+xml"',
    ],
)
def test_b52_what_cannot_be_given_is_406(web: Web, ct: Dataset, accept: str) -> None:
    for path in (path_of(ct), f"/studies/{ct.StudyInstanceUID}"):
        answer = get(web, path, accept)
        assert answer.status_code == 406
        assert answer.headers["content-type"] == "application/problem+json"


def test_b16_the_senders_preamble_is_not_passed_on(web: Web, tmp_path: Path) -> None:
    ds = image(ramp())
    data = part10(ds)
    (tmp_path / "program").write_bytes(b"MZ" + b"\x90" * 126 + data[128:])
    web.receive(tmp_path / "program")
    (part,) = parts(get(web, path_of(ds), AS_STORED))
    assert content(part)[:132] == bytes(128) + b"DICM"


def test_studies_and_series_come_whole_and_in_order(web: Web, tmp_path: Path) -> None:
    first = image(ramp())
    uids = {"StudyInstanceUID": first.StudyInstanceUID, "SeriesInstanceUID": first.SeriesInstanceUID}
    web.receive(*(saved(image(ramp(), InstanceNumber=number, **uids), tmp_path) for number in (3, 1, 2)))
    for path in (f"/studies/{first.StudyInstanceUID}", path_of(first).partition("/instances")[0]):
        numbers = [dcmread(BytesIO(content(part))).InstanceNumber for part in parts(get(web, path, AS_STORED))]
        assert numbers == [1, 2, 3]
        assert get(web, path, "application/dicom").status_code == 406


@pytest.mark.parametrize(
    ("accept", "syntaxes"),
    [
        ('multipart/related; type="application/dicom"', [JPEG_2000, EXPLICIT]),
        ("*/*", [JPEG_2000, EXPLICIT]),
        ('multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2', [IMPLICIT]),
    ],
)
def test_an_object_that_cannot_be_converted_does_not_keep_the_others_back(
    web: Web, tmp_path: Path, accept: str, syntaxes: list[str]
) -> None:
    """A broken codestream; where no transfer syntax was named it comes as it is."""
    path = PACKAGED / "MR_small_jp2klossless.dcm"
    (tmp_path / "broken").write_bytes(path.read_bytes().replace(b"\xff\x4f\xff\x51", bytes(4)))
    broken = dcmread(path)
    sound = image(ramp(), StudyInstanceUID=broken.StudyInstanceUID, SeriesInstanceUID=broken.SeriesInstanceUID)
    sound.InstanceNumber = 99
    web.receive(tmp_path / "broken", saved(sound, tmp_path))
    found = [dcmread(BytesIO(content(part))) for part in parts(get(web, f"/studies/{sound.StudyInstanceUID}", accept))]
    assert [one.file_meta.TransferSyntaxUID for one in found] == syntaxes
    assert found[-1].SOPInstanceUID == sound.SOPInstanceUID
    assert get(web, path_of(broken), accept).status_code == 406


def test_the_length_of_what_is_given_as_stored_is_known(web: Web, tmp_path: Path) -> None:
    first = image(ramp())
    uids = {"StudyInstanceUID": first.StudyInstanceUID, "SeriesInstanceUID": first.SeriesInstanceUID}
    files = [
        saved(image(ramp(), InstanceNumber=number, **uids), tmp_path, syntax)
        for number, syntax in ((1, IMPLICIT), (2, EXPLICIT), (3, IMPLICIT))
    ]
    web.receive(*files)
    answer = get(web, f"/studies/{first.StudyInstanceUID}", AS_STORED)
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert len(parts(answer)) == len(files)
    converted = get(web, f"/studies/{first.StudyInstanceUID}", 'multipart/related; type="application/dicom"')
    assert "content-length" not in converted.headers
    assert len(parts(converted)) == len(files)


def test_what_is_not_there_is_404(web: Web, ct: Dataset) -> None:
    for path in (
        "/studies/1.2.3",
        f"/studies/{ct.StudyInstanceUID}/series/1.2",
        "/studies/../etc/passwd",
        "/studies/x",
    ):
        assert web.http.get(path, headers={"Accept": "*/*"}).status_code == 404
    other = path_of(ct).replace(ct.StudyInstanceUID, "1.2.3")
    assert web.http.get(other).status_code == 404


def test_rejected_objects_are_not_there(web: Web, ct: Dataset) -> None:
    from sqlalchemy import update  # noqa: PLC0415

    from archive.tables import instance  # noqa: PLC0415

    web.database.write(lambda connection: connection.execute(update(instance).values(hidden=True)))
    for path in (path_of(ct), f"{path_of(ct)}/metadata", f"{path_of(ct)}/frames/1", f"{path_of(ct)}/rendered"):
        assert web.http.get(path).status_code == 404
    assert web.json("/studies") == []


def test_frames_come_in_the_order_asked_for(web: Web, tmp_path: Path) -> None:
    samples = np.arange(3 * 16 * 24, dtype=np.uint16).reshape(3, 16, 24)
    ds = image(samples[0], NumberOfFrames=3, PixelData=samples.tobytes())
    web.receive(saved(ds, tmp_path))
    found = parts(get(web, f"{path_of(ds)}/frames/3,1", OHIF_FRAMES))
    assert [content(part) for part in found] == [samples[2].tobytes(), samples[0].tobytes()]
    assert found[0]["content-location"] == f"{web.url}{path_of(ds)}/frames/3"
    alone = get(web, f"{path_of(ds)}/frames/2", "application/octet-stream")
    assert alone.content == samples[1].tobytes()


@pytest.mark.parametrize(
    ("frames", "status"),
    [("0", 400), ("-1", 400), ("1e9", 400), ("a", 400), ("1,,2", 400), ("4", 404), ("999999999", 404), ("9" * 30, 400)],
)
def test_b52_frames_that_are_none_are_refused(web: Web, ct: Dataset, frames: str, status: int) -> None:
    for resource in ("", "/rendered"):
        assert web.http.get(f"{path_of(ct)}/frames/{frames}{resource}").status_code == status


def test_b52_a_list_of_frames_has_an_end(web: Web, ct: Dataset) -> None:
    answer = web.http.get(f"{path_of(ct)}/frames/{','.join(['1'] * 20_000)}")
    assert answer.status_code == 400


COMPRESSED = ["MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "SC_rgb_jpeg_gdcm.dcm"]
COMPRESSED += [
    "SC_rgb_rle_2frame.dcm",
    "rtdose_rle.dcm",
    "examples_jpeg2k.dcm",
    "MR_small_bigendian.dcm",
    "liver_1frame.dcm",
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "path",
    [PACKAGED / name for name in COMPRESSED] + shared("transfer_syntaxes")[:12],
    ids=lambda path: path.name[-50:],
)
def test_frames_are_pixel_for_pixel_those_of_the_object(web: Web, path: Path) -> None:
    web.receive(path)
    ds = dcmread(path)
    answer = get(web, f"{path_of(ds)}/frames/1", 'multipart/related; type="application/octet-stream"')
    if answer.status_code == 406:
        pytest.skip("there is no decoder for this transfer syntax")
    (part,) = parts(answer)
    try:
        expected = ds.pixel_array if int(ds.get("NumberOfFrames") or 1) == 1 else ds.pixel_array[0]
    except (NotImplementedError, RuntimeError):
        pytest.skip("pydicom has no decoder to compare with")
    if ds.BitsAllocated == 1:
        bits = np.unpackbits(np.frombuffer(content(part), np.uint8), bitorder="little")
        assert np.array_equal(bits.reshape(expected.shape), expected)
        return
    if ds.get("PlanarConfiguration") == 1:
        expected = expected.transpose(2, 0, 1)
    found = np.frombuffer(content(part), expected.dtype.newbyteorder("<"))
    assert np.array_equal(found[: expected.size].reshape(expected.shape), expected)


@pytest.mark.parametrize(
    ("name", "media_type"), [("MR_small_jp2klossless.dcm", "image/jp2"), ("SC_rgb_jpeg_gdcm.dcm", "image/jpeg")]
)
def test_compressed_frames_come_as_they_are_stored(web: Web, name: str, media_type: str) -> None:
    path = PACKAGED / name
    web.receive(path)
    ds = dcmread(path)
    (part,) = parts(get(web, f"{path_of(ds)}/frames/1", OHIF_FRAMES))
    assert part["content-type"] == f"{media_type};transfer-syntax={syntax_of(path)}"
    assert content(part) in path.read_bytes()[offset_of(path) :]


@pytest.mark.parametrize("media_type", ["image/jls", "image/jp2", "image/dicom-rle"])
@pytest.mark.parametrize("stored", [IMPLICIT, None])
def test_frames_are_compressed_without_loss_where_that_is_wanted(
    web: Web, tmp_path: Path, media_type: str, stored: str | None
) -> None:
    large = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    path = PACKAGED / "MR_small_RLE.dcm" if stored is None else saved(image(large), tmp_path, stored)
    web.receive(path)
    ds = dcmread(path)
    answer = get(web, f"{path_of(ds)}/frames/1", media_type)
    assert answer.status_code == 200, answer.text
    kind, _, syntax = answer.headers["content-type"].partition(";transfer-syntax=")
    assert kind == media_type
    copy = dcmread(path)
    copy.PixelData = encapsulate([answer.content])
    copy["PixelData"].is_undefined_length = True
    copy.file_meta.TransferSyntaxUID = UID(syntax)
    assert np.array_equal(copy.pixel_array, ds.pixel_array)


def test_what_cannot_be_compressed_is_406(web: Web, tmp_path: Path) -> None:
    ds = image(np.zeros((4, 1), np.uint8), Rows=4, Columns=8, BitsAllocated=1, BitsStored=1, HighBit=0)
    web.receive(saved(ds, tmp_path))
    assert get(web, f"{path_of(ds)}/frames/1", "image/jls").status_code == 406


def test_a_broken_codestream_costs_one_answer(web: Web, tmp_path: Path) -> None:
    path = PACKAGED / "MR_small_jp2klossless.dcm"
    (tmp_path / "broken").write_bytes(path.read_bytes().replace(b"\xff\x4f\xff\x51", bytes(4)))
    web.receive(tmp_path / "broken")
    ds = dcmread(path)
    for resource in ("", "/frames/1", "/rendered", "/thumbnail", "/frames/1/rendered"):
        answer = web.http.get(f"{path_of(ds)}{resource}")
        assert answer.status_code == 406, resource
        assert answer.headers["content-type"] == "application/problem+json"
    assert get(web, path_of(ds), AS_STORED).status_code == 200


@pytest.mark.parametrize("accept", ["application/octet-stream; transfer-syntax=*", OHIF_FRAMES])
def test_a_frame_that_is_given_in_pieces_is_whole(web: Web, tmp_path: Path, accept: str) -> None:
    """Of radiographs and mammograms: more than is read at once."""
    samples = np.random.default_rng(1).integers(0, 65536, (2400, 2300), dtype=np.uint16)
    ds = image(samples)
    web.receive(saved(ds, tmp_path))
    answer = get(web, f"{path_of(ds)}/frames/1", accept)
    found = content(parts(answer)[0]) if "multipart" in accept else answer.content
    assert answer.status_code == 200
    assert found == samples.tobytes()


def test_b14_impossible_dimensions_are_refused_without_allocation(web: Web, tmp_path: Path) -> None:
    ds = image(ramp(), Rows=65535, Columns=65535, NumberOfFrames=str((1 << 31) - 1))
    web.receive(saved(ds, tmp_path))
    for resource in ("/frames/1", "/frames/999999999", "/rendered", "/frames/1/rendered", "/thumbnail"):
        assert web.http.get(f"{path_of(ds)}{resource}").status_code in {404, 406}
    assert web.http.get(f"{path_of(ds)}/metadata").status_code == 200
    assert get(web, path_of(ds), "*/*").status_code == 200


def test_objects_without_pixels_have_no_frames(web: Web) -> None:
    path = PACKAGED / "test-SR.dcm"
    web.receive(path)
    ds = dcmread(path)
    for resource in ("/frames/1", "/pixeldata", "/thumbnail"):
        assert web.http.get(f"{path_of(ds)}{resource}").status_code == 404
    (metadata,) = web.json(f"{path_of(ds)}/metadata")
    assert metadata["0040A730"]["vr"] == "SQ"
