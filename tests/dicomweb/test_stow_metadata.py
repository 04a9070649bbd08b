"""STOW-RS of metadata and bulk data: what is stored, and how (PS3.18 Sections 10.5.1.4 and 8.7.3.3, Annex F)."""

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit, generate_uid

from dicomweb.native_xml import native_xml
from tests.dicomweb.conftest import SHARED_DATA, Web
from tests.dicomweb.objects import SECONDARY_CAPTURE, image, ramp, saved
from tests.dicomweb.taken_out import (
    BOUNDARY,
    JSON,
    OCTETS,
    XML,
    bulk,
    bulk_data_of,
    metadata_of,
    parts,
    post,
    renamed,
    store,
    stored,
    without_lengths,
)

REAL = [
    "CT_small.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_implicit.dcm",
    "image_dfl.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "JPEG-lossy.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "SC_rgb_rle_2frame.dcm",
    "examples_ybr_color.dcm",
    "liver_1frame.dcm",
    "waveform_ecg.dcm",
    "reportsi.dcm",
    "rtplan.dcm",
    "rtstruct.dcm",
]
SHARED = ("charsets/chr*.dcm", "pdf/*.dcm", "pr/*", "sr/test_SR.dcm", "us_multiframe/I_000001.dcm", "sm/*.dcm")
FOUND = sorted(path for pattern in SHARED for path in SHARED_DATA.glob(pattern))
JPEG_FILE = dcmread(str(get_testdata_file("SC_rgb_jpeg_dcmtk.dcm", download=False)))
JPEG_2000_FILE = dcmread(str(get_testdata_file("MR_small_jp2klossless.dcm", download=False)))
JPEG = next(generate_frames(JPEG_FILE.PixelData, number_of_frames=1))
UTF_8 = {"vr": "CS", "Value": ["ISO_IR 192"]}


def pixels(ds: Dataset) -> Any:
    """Give the pixels, compressed as they are."""
    if "PixelData" not in ds:
        return None
    if ds.file_meta.TransferSyntaxUID.is_compressed and ds["PixelData"].is_undefined_length:
        count = int(ds.get("NumberOfFrames", 1))
        return [frame.rstrip(b"\0") for frame in generate_frames(ds.PixelData, number_of_frames=count)]
    return np.asarray(ds.pixel_array).tolist()


def described(ds: Dataset, **changes: Any) -> dict[str, Any]:
    """Give the metadata of an object that is nowhere yet, without its pixel data."""
    found: dict[str, Any] = Dataset.to_json_dict(ds)
    found.pop("7FE00010", None)
    return found | {tag.removeprefix("x"): element for tag, element in changes.items()}


def pixel_data(uri: str, vr: str = "OW") -> dict[str, Any]:
    return {"vr": vr, "BulkDataURI": uri}


def taken_out_and_in(web: Web, path: Path, kind: str) -> tuple[Dataset, Dataset]:
    """Store a copy of a file by metadata and bulk data; the metadata of both must be the same."""
    original = read(path)
    with NamedTemporaryFile(suffix=".dcm") as file:
        original.save_as(file.name, enforce_file_format=True)
        web.receive(Path(file.name))
    metadata = metadata_of(web, original)
    copy = stored(web, store(web, kind, [renamed(metadata)], bulk_data_of(web, original)))
    again = metadata_of(web, copy)
    if kind == JSON:
        assert names(without_lengths(again)) == names(without_lengths(metadata))
    return original, copy


def read(path: Path) -> Dataset:
    """Read a file as an object that is not there yet; some are without their UIDs, or have each other's."""
    ds = dcmread(path, force=True)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    for keyword, usual in (
        ("SOPClassUID", SECONDARY_CAPTURE),
        ("StudyInstanceUID", "1.2"),
        ("SeriesInstanceUID", "1.3"),
    ):
        setattr(ds, keyword, ds.get(keyword) or usual)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    implicit, _ = ds.original_encoding
    ds.file_meta.TransferSyntaxUID = ds.file_meta.get(
        "TransferSyntaxUID", ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    )
    return ds


def names(found: Any) -> Any:
    """Leave out where bulk data is, and the VR of pixel data, which encapsulated is OB (PS3.5 Section A.4)."""
    if isinstance(found, list):
        return [names(one) for one in found]
    if not isinstance(found, dict):
        return found
    alike = {"BulkDataURI": "somewhere"} if "BulkDataURI" in found else {}
    pixels_alike = {"7FE00010": {**found["7FE00010"], "vr": "OB"}} if "7FE00010" in found else {}
    return {name: names(value) for name, value in (found | alike | pixels_alike).items()}


@pytest.mark.parametrize("name", REAL)
def test_an_object_that_was_taken_out_is_the_same_when_it_comes_in_again(shared_web: Web, name: str) -> None:
    original, copy = taken_out_and_in(shared_web, Path(str(get_testdata_file(name, download=False))), JSON)
    assert pixels(copy) == pixels(original)


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_so_are_those_of_other_kinds_and_character_sets(shared_web: Web, path: Path) -> None:
    original, copy = taken_out_and_in(shared_web, path, JSON)
    assert copy.SpecificCharacterSet == "ISO_IR 192"
    name = str(original.get("PatientName"))
    # What pydicom cannot decode is compared above, in the metadata.
    assert "\x1b" in name or str(copy.get("PatientName")).rstrip("^=") == name.rstrip("^=")
    assert pixels(copy) == pixels(original)


@pytest.mark.parametrize("name", ["CT_small.dcm", "SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_rle_2frame.dcm", "reportsi.dcm"])
def test_xml_says_the_same(shared_web: Web, name: str) -> None:
    original, copy = taken_out_and_in(shared_web, Path(str(get_testdata_file(name, download=False))), XML)
    assert pixels(copy) == pixels(original)
    for element in original:
        # XML does not keep the numbers of private blocks (PS3.19 Section A.1.5).
        if element.tag.element and not element.tag.is_private and element.VR not in {"SQ", "OB", "OW", "UI"}:
            assert element.tag == 0x00080005 or copy[element.tag].value == element.value, element.tag


def test_private_attributes_in_xml_get_blocks_of_their_creators(shared_web: Web) -> None:
    ds = image(ramp())
    metadata = described(ds)
    metadata |= {"00091001": {"vr": "LO", "Value": ["a"]}, "00090010": {"vr": "LO", "Value": ["ONE"]}}
    metadata |= {"00092001": {"vr": "LO", "Value": ["b"]}, "00090020": {"vr": "LO", "Value": ["TWO"]}}
    copy = stored(shared_web, store(shared_web, XML, [metadata]))
    assert copy.private_block(0x0009, "ONE")[0x01].value == "a"
    assert copy.private_block(0x0009, "TWO")[0x01].value == "b"


def test_several_objects_come_in_one_request(shared_web: Web) -> None:
    """PS3.18 Section 10.5.1.4: one array of all in JSON, one part for each in XML."""
    for kind in (JSON, XML):
        data_sets = [image(ramp() + number, InstanceNumber=number) for number in range(3)]
        metadata = [described(ds, x7FE00010=pixel_data(f"bulk/{number}")) for number, ds in enumerate(data_sets)]
        rest = parts(*(bulk(f"bulk/{number}", ds.PixelData) for number, ds in enumerate(data_sets)))
        answer = store(shared_web, kind, metadata, rest)
        assert answer.status_code == 200
        uids = [item["00081155"]["Value"][0] for item in answer.json()["00081199"]["Value"]]
        assert uids == [ds.SOPInstanceUID for ds in data_sets]


@pytest.mark.parametrize("kind", [JSON, XML])
def test_metadata_without_bulk_data_may_come_alone(shared_web: Web, kind: str) -> None:
    report = dcmread(str(get_testdata_file("reportsi.dcm", download=False)))
    report.SOPInstanceUID = generate_uid()
    document = f"[{report.to_json()}]".encode() if kind == JSON else native_xml(report.to_json_dict())
    copy = stored(shared_web, post(shared_web, document, kind, f"/studies/{report.StudyInstanceUID}"))
    assert copy.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert copy.ContentSequence == report.ContentSequence


@pytest.mark.parametrize(
    ("uri", "location"),
    [
        ("bulk/1", "bulk/1"),
        ("/bulk/1", "http://{host}/bulk/1"),
        ("http://{host}/dicom-web/bulk/1", "bulk/1"),
        ("http://elsewhere.example/a/b", "http://elsewhere.example/a/b"),
        ("urn:uuid:8e2c1f2a", "urn:uuid:8e2c1f2a"),
        ("file:///etc/passwd", "file:///etc/passwd"),
    ],
)
def test_a_uri_is_a_name_that_a_part_has(shared_web: Web, uri: str, location: str) -> None:
    host = shared_web.url.split("/")[2]
    ds = image(ramp())
    rest = parts(bulk(location.format(host=host), ds.PixelData))
    copy = stored(
        shared_web, store(shared_web, JSON, [described(ds, x7FE00010=pixel_data(uri.format(host=host)))], rest)
    )
    assert copy.PixelData == ds.PixelData


def test_parts_may_come_in_any_order(shared_web: Web) -> None:
    ds = image(ramp())
    document = f'[{Dataset.from_json(described(ds)).to_json()[:-1]}, "7FE00010": {{"vr": "OW", "BulkDataURI": "x"}}}}]'
    body = parts(bulk("x", ds.PixelData), ({"Content-Type": JSON}, document.encode()))
    copy = stored(shared_web, post(shared_web, body, f'multipart/related; type="{JSON}"; boundary={BOUNDARY}'))
    assert copy.PixelData == ds.PixelData


def compressed(**changes: Any) -> Dataset:
    return image(np.zeros((100, 100), np.uint8), SOPClassUID=SECONDARY_CAPTURE, **changes)


@pytest.mark.parametrize(
    ("media_type", "said", "expected"),
    [
        ("image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.51", None, "1.2.840.10008.1.2.4.51"),
        ("image/jpeg", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.51"),
        ("image/jpeg", "1.2.840.10008.1.2.4.90", JPEGBaseline8Bit),
        ("image/jpeg", None, JPEGBaseline8Bit),
        ("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.50", None, JPEGBaseline8Bit),
        ("image/x-jls", None, "1.2.840.10008.1.2.4.80"),
        ("image/dicom-rle", None, "1.2.840.10008.1.2.5"),
        ("image/jp2", None, "1.2.840.10008.1.2.4.90"),
        ("image/jphc", None, "1.2.840.10008.1.2.4.201"),
        ("image/jxl", None, "1.2.840.10008.1.2.4.110"),
        ("video/mpeg", None, "1.2.840.10008.1.2.4.100"),
        ("video/mp4", "1.2.840.10008.1.2.4.104", "1.2.840.10008.1.2.4.104"),
        ("video/H265; transfer-syntax=1.2.840.10008.1.2.4.107", None, "1.2.840.10008.1.2.4.107"),
        ("application/octet-stream", "1.2.840.10008.1.2.4.50", ExplicitVRLittleEndian),
        ("application/octet-stream; transfer-syntax=1.2.840.10008.1.2", None, ExplicitVRLittleEndian),
    ],
)
def test_the_transfer_syntax_is_that_of_the_bulk_data(
    shared_web: Web, media_type: str, said: str | None, expected: str
) -> None:
    """PS3.18 Table 8.7.3-5: the parameter first, then the metadata, then the codestream, then the default."""
    changes: dict[str, Any] = {"x00083002": {"vr": "UI", "Value": [said]}} if said else {}
    metadata = described(compressed(), x7FE00010=pixel_data("x"), **changes)
    copy = stored(shared_web, store(shared_web, JSON, [metadata], parts(bulk("x", JPEG, media_type))))
    assert copy.file_meta.TransferSyntaxUID == expected
    assert "AvailableTransferSyntaxUID" not in copy
    if expected != ExplicitVRLittleEndian:
        assert (copy["PixelData"].VR, copy["PixelData"].is_undefined_length) == ("OB", True)
        assert next(generate_frames(copy.PixelData, number_of_frames=1)).rstrip(b"\0") == JPEG.rstrip(b"\0")


def test_compressed_frames_are_parts_of_their_own_and_may_describe_themselves(shared_web: Web) -> None:
    """PS3.18 Section 10.5.1.4: the Image Pixel Description may be left out where the codestream has it."""
    ds = image(ramp(), SOPClassUID=SECONDARY_CAPTURE, NumberOfFrames=3)
    frames = [JPEG, JPEG + b"\0\0", JPEG]
    metadata = {tag: element for tag, element in described(ds).items() if tag[:4] != "0028" or tag == "00280008"}
    rest = parts(*(bulk(f"x/frames/{number}", frame, "image/jpeg") for number, frame in enumerate(frames, 1)))
    copy = stored(shared_web, store(shared_web, JSON, [{**metadata, "7FE00010": pixel_data("x", "OB")}], rest))
    assert (copy.Rows, copy.Columns, copy.SamplesPerPixel) == (JPEG_FILE.Rows, JPEG_FILE.Columns, 3)
    assert (copy.BitsAllocated, copy.BitsStored, copy.HighBit, copy.PixelRepresentation) == (8, 8, 7, 0)
    assert copy.PhotometricInterpretation == JPEG_FILE.PhotometricInterpretation
    assert copy.pixel_array.shape == (3, 100, 100, 3)
    assert np.array_equal(copy.pixel_array[1], JPEG_FILE.pixel_array)


def test_a_jp2_file_is_stored_without_its_boxes(shared_web: Web) -> None:
    """PS3.5 Section A.4.4: pixel data has codestreams of JPEG 2000, and nothing of its file format."""
    frame = next(generate_frames(JPEG_2000_FILE.PixelData, number_of_frames=1))
    box = b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0\0\0\0jp2c"
    metadata = described(JPEG_2000_FILE, x00080018={"vr": "UI", "Value": [generate_uid()]}, x7FE00010=pixel_data("x"))
    copy = stored(shared_web, store(shared_web, JSON, [metadata], parts(bulk("x", box + frame, "image/jp2"))))
    assert next(generate_frames(copy.PixelData, number_of_frames=1)) == frame


def test_frames_without_compression_are_put_together(shared_web: Web) -> None:
    ds = image(ramp(), NumberOfFrames=2, PixelData=ramp().tobytes() * 2)
    rest = parts(*(bulk(f"x/frames/{number}", ramp().tobytes()) for number in (2, 1)))
    copy = stored(shared_web, store(shared_web, JSON, [described(ds, x7FE00010=pixel_data("x"))], rest))
    assert copy.PixelData == ds.PixelData


def test_values_of_every_vr_are_written_as_they_are(shared_web: Web) -> None:
    """PS3.18 Table F.2.3-1, with the forms that it leaves open."""
    metadata = described(image(ramp())) | {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 100"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Wang^XiaoDong", "Ideographic": "王^小东"}]},
        "00101002": {"vr": "SQ", "Value": [{"00080005": UTF_8, "00100020": {"vr": "LO", "Value": ["Ä1"]}}, None, {}]},
        "00081140": {"vr": "SQ"},
        "00101030": {"vr": "DS", "Value": [71.123456789012345]},
        "00080008": {"vr": "CS", "Value": ["ORIGINAL", None, "AXIAL"]},
        "00200032": {"vr": "DS", "Value": [1, "-2.50", 1e-5]},
        "00201208": {"vr": "IS", "Value": [12.0]},
        "00189445": {"vr": "FL", "Value": ["NaN"]},
        "0018602C": {"vr": "FD", "Value": [0.1]},
        "00189219": {"vr": "SS", "Value": [-5]},
        "00081196": {"vr": "US", "Value": [65535]},
        "00189301": {"vr": "UL", "Value": [4294967295]},
        "0008040C": {"vr": "UV", "Value": ["18446744073709551615"]},
        "00280009": {"vr": "AT", "Value": ["00181063"]},
        "00282000": {"vr": "OB", "InlineBinary": "AQID"},
        "00081190": {"vr": "UR", "Value": ["http://elsewhere.example/studies/1"]},
        "00324000": {"vr": "LT", "Value": ["a\\b"]},
        "00102201": {"Value": ["without VR"]},
        "00020013": {"vr": "SH", "Value": ["ANOTHER"]},
        "00080000": {"vr": "UL", "Value": [4]},
    }
    copy = stored(shared_web, store(shared_web, JSON, [metadata]))
    assert copy.SpecificCharacterSet == "ISO_IR 192"
    assert str(copy.PatientName) == "Wang^XiaoDong=王^小东"
    assert [item.get("PatientID") for item in copy[0x00101002].value] == ["Ä1", None, None]
    assert copy[0x00101002].value[0].SpecificCharacterSet == "ISO_IR 192"
    assert len(copy.ReferencedImageSequence) == 0
    assert str(copy.PatientWeight) == "71.1234567890124"
    assert list(copy.ImageType) == ["ORIGINAL", "", "AXIAL"]
    assert [float(value) for value in copy.ImagePositionPatient] == [1, -2.5, 1e-5]
    assert copy[0x00201208].value == 12
    assert np.isnan(copy[0x00189445].value)
    assert copy[0x0018602C].value == 0.1
    assert (copy[0x00189219].value, copy[0x00081196].value, copy[0x00189301].value) == (-5, 65535, 4294967295)
    assert copy[0x0008040C].value == 18446744073709551615
    assert copy[0x00280009].value == 0x00181063
    assert copy.ICCProfile == b"\1\2\3\0"
    assert "RetrieveURL" not in copy
    assert copy[0x00324000].value == "a\\b"
    assert copy.PatientSpeciesDescription == "without VR"
    assert copy.file_meta.ImplementationVersionName != "ANOTHER"


def test_long_text_and_icons_are_bulk_data_too(shared_web: Web) -> None:
    text = "Befund: größer. " * 100_000
    ds = compressed()
    icon = {
        "00280010": {"vr": "US", "Value": [100]},
        "00280011": {"vr": "US", "Value": [100]},
        "7FE00010": pixel_data("icon", "OB"),
    }
    metadata = described(
        ds,
        x0040A160={"vr": "UT", "BulkDataURI": "text"},
        x00880200={"vr": "SQ", "Value": [icon]},
        x7FE00010=pixel_data("x", "OB"),
    )
    rest = parts(bulk("text", text.encode()), bulk("icon", JPEG, "image/jpeg"), bulk("x", JPEG, "image/jpeg"))
    copy = stored(shared_web, store(shared_web, JSON, [metadata], rest))
    assert copy.TextValue == text.rstrip()
    assert copy.IconImageSequence[0]["PixelData"].is_undefined_length
    # And it all comes out and in once more.
    assert stored(
        shared_web, store(shared_web, JSON, [renamed(metadata_of(shared_web, copy))], bulk_data_of(shared_web, copy))
    )


def test_the_same_object_twice_is_the_same_bytes(shared_web: Web) -> None:
    """The duplicates policy is that of C-STORE: other bytes under the same UID are 0111."""
    ds = image(ramp())
    metadata = described(ds, x7FE00010=pixel_data("x"))
    for _ in range(2):
        assert store(shared_web, JSON, [metadata], parts(bulk("x", ds.PixelData))).status_code == 200
    other = store(shared_web, JSON, [metadata], parts(bulk("x", ds.PixelData[::-1])))
    assert (other.status_code, other.json()["00081198"]["Value"][0]["00081197"]["Value"]) == (409, [0x0111])


def test_a_file_and_its_metadata_are_one_object(shared_web: Web, tmp_path: Path) -> None:
    """Both ways in end in the same index: what was stored is found by its attributes."""
    ds = image(ramp(), PatientID="STOW-1")
    shared_web.receive(saved(ds, tmp_path))
    ds.SOPInstanceUID = generate_uid()
    assert store(shared_web, JSON, [described(ds, x7FE00010=pixel_data("x"))], parts(bulk("x", ds.PixelData, OCTETS)))
    assert len(shared_web.json("/instances", PatientID="STOW-1")) == 2
