"""Objects that belong to no patient, by PS3.18 Section 12: colour palettes, hanging protocols and the like."""

import base64
import json
from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from archive.non_patient_classes import KINDS
from tests.archive.non_patient_objects import (
    CT_DEFINED_PROCEDURE_PROTOCOL,
    GENERIC_IMPLANT_TEMPLATE,
    color_palette,
    file_of,
    hanging_protocol,
    non_patient,
    send,
)
from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, part10, ramp
from tests.dicomweb.pictures import opened

DICOM, JSON, XML = "application/dicom", "application/dicom+json", "application/dicom+xml"
HOT_IRON = "1.2.840.10008.1.5.1"
PROTOCOLS, PALETTES = "/hanging-protocols", "/color-palettes"
GROUP = {"HangingProtocolUserGroupName": "searched"}
OTHERS = {
    "/implant-templates": non_patient(GENERIC_IMPLANT_TEMPLATE, ImplantName="Stem", Manufacturer="Acme"),
    "/defined-procedure-protocols": non_patient(CT_DEFINED_PROCEDURE_PROTOCOL, ProtocolName="Routine chest"),
    "/protocol-approvals": non_patient("1.2.840.10008.5.1.4.1.1.200.3", InstitutionName="Clinic"),
    "/inventories": non_patient("1.2.840.10008.5.1.4.1.1.201.1", InventoryLevel="STUDY"),
}


def post(web: Web, path: str, *objects: Dataset, accept: str = JSON) -> httpx.Response:
    parts = b"".join(b"--b\r\nContent-Type: application/dicom\r\n\r\n" + file_of(ds) + b"\r\n" for ds in objects)
    headers = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=b', "Accept": accept}
    return web.http.post(path, content=parts + b"--b--\r\n", headers=headers)


def found(web: Web, path: str, **params: Any) -> list[str]:
    answer = web.http.get(path, params=params, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return [each["00080018"]["Value"][0] for each in answer.json()]


def read(content: bytes) -> Dataset:
    return pydicom.dcmread(BytesIO(content))


def test_12_5_what_is_stored_is_found_and_retrieved(any_web: Web) -> None:
    ds = hanging_protocol()
    answer = post(any_web, PROTOCOLS, ds)
    assert answer.status_code == 200
    url = f"{any_web.url}{PROTOCOLS}"
    (stored,) = answer.json()["00081199"]["Value"]
    assert stored["00081155"]["Value"] == [ds.SOPInstanceUID]
    assert stored["00081190"]["Value"] == [f"{url}/{ds.SOPInstanceUID}"]
    assert answer.json()["00081190"]["Value"] == [url]
    (match,) = any_web.json(PROTOCOLS)
    assert match["00720002"]["Value"] == ["Chest CT"]
    assert match["00720008"]["Value"] == ["Müller^Änne"]
    assert match["00720014"] == {"vr": "US", "Value": [1]}
    assert match["00081190"]["Value"] == [f"{url}/{ds.SOPInstanceUID}"]
    retrieved = any_web.http.get(match["00081190"]["Value"][0])
    assert retrieved.headers["content-type"] == f"{DICOM};transfer-syntax={ExplicitVRLittleEndian}"
    assert read(retrieved.content) == read(file_of(ds))


@pytest.mark.parametrize("path", OTHERS)
def test_12_1_1_every_kind_has_its_resource(shared_web: Web, path: str) -> None:
    ds = OTHERS[path]
    assert post(shared_web, path, ds).status_code == 200
    assert found(shared_web, path) == [ds.SOPInstanceUID]
    assert read(shared_web.http.get(f"{path}/{ds.SOPInstanceUID}").content).SOPClassUID == ds.SOPClassUID
    assert shared_web.http.get(f"{PROTOCOLS}/{ds.SOPInstanceUID}").status_code == 404


def test_12_4_objects_are_given_in_every_form(shared_web: Web) -> None:
    ds = color_palette()
    post(shared_web, PALETTES, ds)
    path = f"{PALETTES}/{ds.SOPInstanceUID}"

    def get(accept: str, **headers: str) -> httpx.Response:
        return shared_web.http.get(path, headers={"Accept": accept, **headers})

    (document,) = get(JSON).json()
    assert base64.b64decode(document["00281201"]["InlineBinary"]) == bytes(range(256))
    assert get(XML).headers["content-type"] == XML
    assert b'keyword="ContentLabel"' in get(XML).content
    implicit = get(f"{DICOM};transfer-syntax={ImplicitVRLittleEndian}")
    assert implicit.headers["content-type"] == f"{DICOM};transfer-syntax={ImplicitVRLittleEndian}"
    assert read(implicit.content) == read(file_of(ds))
    ((media_type, content),) = opened(get(f'multipart/related; type="{DICOM}"'))
    assert (media_type, read(content)) == (DICOM, read(file_of(ds)))
    ((media_type, _),) = opened(get(f'multipart/related; type="{XML}"'))
    assert media_type == XML
    assert get(f"{XML};q=0.1, {JSON}").headers["content-type"] == JSON
    assert get("image/png").status_code == 406
    whole = get(DICOM)
    assert get(DICOM, Range="bytes=128-131").content == b"DICM"
    assert get(DICOM, **{"If-None-Match": whole.headers["etag"]}).status_code == 304
    assert shared_web.http.head(path).headers["content-length"] == str(len(whole.content))


@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({"HangingProtocolName": "chest*"}, 2),
        ({"HangingProtocolName": "Chest CT"}, 1),
        ({"00720002": "Head"}, 1),
        ({"HangingProtocolLevel": "SITE", "NumberOfScreens": "2"}, 3),
        ({"HangingProtocolCreator": "müller^änne"}, 3),
        ({"HangingProtocolCreationDateTime": "2025-"}, 0),
        ({"HangingProtocolCreationDateTime": "20240101-20241231"}, 3),
        ({"HangingProtocolDefinitionSequence.Modality": "CT"}, 3),
        ({"HangingProtocolDefinitionSequence.AnatomicRegionSequence.CodeValue": "51185008"}, 3),
        ({"HangingProtocolDefinitionSequence.Modality": "MR"}, 0),
        ({"limit": "2"}, 2),
        ({"offset": "2"}, 1),
        ({"includefield": "all"}, 3),
    ],
)
def test_12_6_search_matches_as_c_find_does(searched: Web, params: dict[str, str], count: int) -> None:
    assert len(found(searched, PROTOCOLS, **GROUP, **params)) == count


@pytest.fixture(scope="module")
def searched(shared_web: Web) -> Web:
    """Keep three protocols, and one of another tenant."""
    for name in ("Chest CT", "Chest CT low", "Head"):
        send(shared_web.archive, hanging_protocol(name, **GROUP))
    send(shared_web.archive, hanging_protocol("Chest of all", **GROUP), "other")
    return shared_web


def test_12_6_answers_say_when_there_is_more_or_nothing(searched: Web) -> None:
    assert "additional results" in searched.http.get(PROTOCOLS, params=GROUP | {"limit": "1"}).headers["warning"]
    assert "warning" not in searched.http.get(PROTOCOLS, params=GROUP | {"limit": "3"}).headers
    nothing = {"HangingProtocolName": "none"}
    assert searched.http.get(PROTOCOLS, params=nothing, headers={"Accept": JSON}).status_code == 204
    assert searched.http.get(PROTOCOLS, params=nothing).json() == []
    parts = opened(searched.http.get(PROTOCOLS, params=GROUP, headers={"Accept": f'multipart/related; type="{XML}"'}))
    assert [media_type for media_type, _ in parts] == [XML] * 3


@pytest.mark.parametrize(
    "params",
    [{"PatientID": "1"}, {"Nonsense": "1"}, {"limit": "x"}, {"HangingProtocolCreationDateTime": "yesterday"}],
)
def test_12_6_impossible_searches_are_400(shared_web: Web, params: dict[str, str]) -> None:
    answer = shared_web.http.get(PROTOCOLS, params=params)
    assert answer.status_code == 400
    assert "detail" in answer.json()


def test_others_of_another_tenant_are_not_there(searched: Web) -> None:
    ds = hanging_protocol()
    send(searched.archive, ds, "other")
    assert searched.http.get(f"{PROTOCOLS}/{ds.SOPInstanceUID}").status_code == 404
    assert ds.SOPInstanceUID not in found(searched, PROTOCOLS)


def test_12_5_what_is_stored_elsewhere_is_refused(shared_web: Web) -> None:
    palette, protocol, ct = color_palette(), hanging_protocol(), image(ramp())
    answer = post(shared_web, PALETTES, palette, protocol, ct)
    # Table 12.5.3-1: one of them is stored.
    assert answer.status_code == 200
    assert [item["00081197"]["Value"] for item in answer.json()["00081198"]["Value"]] == [[0x0122], [0x0122]]
    assert answer.headers["location"] == f"{shared_web.url}{PALETTES}/{palette.SOPInstanceUID}"
    other = post(shared_web, f"{PROTOCOLS}/{generate_uid()}", protocol)
    assert other.status_code == 409
    assert other.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0xA900]
    assert post(shared_web, f"{PROTOCOLS}/{protocol.SOPInstanceUID}", protocol).status_code == 200
    # And the other way round: what has no study is not stored as if it had one.
    answer = post(shared_web, "/studies", palette)
    assert answer.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0x0122]


def test_12_5_the_same_uid_with_other_content_is_refused(shared_web: Web) -> None:
    ds = hanging_protocol()
    assert [post(shared_web, PROTOCOLS, ds).status_code for _ in range(2)] == [200, 200]
    ds.HangingProtocolName = "Changed"
    answer = post(shared_web, PROTOCOLS, ds)
    assert answer.status_code == 409
    assert answer.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0x0111]


def test_12_5_json_is_stored_too(shared_web: Web) -> None:
    ds = hanging_protocol("From JSON")
    body = json.dumps([json.loads(ds.to_json())])
    answer = shared_web.http.post(PROTOCOLS, content=body, headers={"Content-Type": JSON, "Accept": JSON})
    assert answer.status_code == 200, answer.text
    kept = read(shared_web.http.get(f"{PROTOCOLS}/{ds.SOPInstanceUID}").content)
    assert kept.HangingProtocolDefinitionSequence == ds.HangingProtocolDefinitionSequence


def test_bodies_that_are_none_are_refused(shared_web: Web) -> None:
    answer = shared_web.http.post(PALETTES, content=b"x", headers={"Content-Type": DICOM, "Accept": JSON})
    assert answer.status_code == 409
    gzip = {"Content-Type": DICOM, "Accept": JSON, "Content-Encoding": "gzip"}
    assert shared_web.http.post(PALETTES, content=b"x", headers=gzip).status_code == 415


def test_ps3_6_annex_b_the_palettes_of_the_standard_are_there(shared_web: Web) -> None:
    uids = found(shared_web, PALETTES, ContentLabel="*", SOPInstanceUID="1.2.840.10008.1.5.*")
    # UIDs know no wildcards.
    assert uids == []
    listed = {f"1.2.840.10008.1.5.{number}" for number in range(1, 9)}
    assert listed <= set(found(shared_web, PALETTES))
    assert found(shared_web, PALETTES, ContentLabel="HOT_IRON") == [HOT_IRON]
    assert found(shared_web, PALETTES, SOPInstanceUID=HOT_IRON) == [HOT_IRON]
    for uid in listed:
        palette = read(shared_web.http.get(f"{PALETTES}/{uid}").content)
        assert (palette.SOPInstanceUID, palette.PaletteColorLookupTableUID) == (uid, uid)
    (document,) = shared_web.http.get(f"{PALETTES}/{HOT_IRON}", headers={"Accept": JSON}).json()
    red = np.frombuffer(base64.b64decode(document["00281201"]["InlineBinary"]), np.uint8)
    # PS3.6 Section B.1.1: red rises to 254 in the first half and stays at 255.
    assert (red[:4].tolist(), red[128:].tolist()) == ([0, 2, 4, 6], [255] * 128)


def test_the_palettes_of_the_standard_are_nobodys_to_change(shared_web: Web) -> None:
    answer = post(shared_web, PALETTES, color_palette(SOPInstanceUID=HOT_IRON))
    assert answer.status_code == 409
    assert shared_web.http.delete(f"{PALETTES}/{HOT_IRON}").status_code == 409
    wanted = {"Accept": f"{DICOM};transfer-syntax={ImplicitVRLittleEndian}"}
    assert shared_web.http.get(f"{PALETTES}/{HOT_IRON}", headers=wanted).status_code == 406


def test_what_is_deleted_is_gone(shared_web: Web) -> None:
    ds = hanging_protocol("To go")
    post(shared_web, PROTOCOLS, ds)
    path = f"{PROTOCOLS}/{ds.SOPInstanceUID}"
    assert shared_web.http.delete(path).status_code == 204
    assert shared_web.http.get(path).status_code == 404
    assert shared_web.http.delete(path).status_code == 404
    assert shared_web.http.get(f"{PROTOCOLS}/nonsense").status_code == 404


def test_12_3_capabilities_name_them(shared_web: Web) -> None:
    for name in KINDS:
        assert shared_web.http.options(f"/{name}").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    one = shared_web.http.options(f"{PALETTES}/{HOT_IRON}")
    assert one.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, POST"
    (resource,) = one.json()["resources"]
    assert {DICOM, JSON, XML} <= set(resource["methods"][0]["gives"])


def test_images_are_not_stored_here(shared_web: Web) -> None:
    answer = shared_web.http.post(
        PALETTES, content=part10(image(ramp())), headers={"Content-Type": DICOM, "Accept": JSON}
    )
    assert answer.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0x0122]
