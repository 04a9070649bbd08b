"""dicomweb-client stores, searches and retrieves; STOW-RS answers mixed requests by the book."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicomweb_client.api import DICOMwebClient
from PIL import Image
from pydicom import dcmread

from dicomweb.rendering.prepared import PreparedPictures, read_head
from isocenter.demo.phantom import PhantomStudy
from tests.acceptance.peers.node import ADMIN_PASSWORD, Node
from tests.acceptance.peers.objects import ct_slice, part10
from tests.acceptance.peers.real_files import data_set_bytes, sound
from tests.waiting import wait_until

pytestmark = pytest.mark.acceptance

_UNIQUE_KEYS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
_BOUNDARY = "acceptance-boundary"


@pytest.fixture(scope="module")
def web(module_node: Node) -> DICOMwebClient:
    """dicomweb-client, logged in by HTTP Basic."""
    from dicomweb_client.session_utils import create_session_from_user_pass  # noqa: PLC0415

    session = create_session_from_user_pass("admin", ADMIN_PASSWORD)
    return DICOMwebClient(f"{module_node.url}/dicom-web", session=session)


def test_it_stores_searches_and_retrieves(web: DICOMwebClient, chest_ct: PhantomStudy) -> None:
    sent = [dcmread(path) for path in chest_ct.files[:5]]
    response = web.store_instances(sent)
    assert len(response.ReferencedSOPSequence) == 5
    uid, series_uid = chest_ct.study_instance_uid, chest_ct.series_instance_uid
    assert web.search_for_studies(search_filters={"StudyInstanceUID": uid})
    assert web.search_for_series(study_instance_uid=uid)
    assert len(web.search_for_instances(study_instance_uid=uid, series_instance_uid=series_uid)) >= 5
    got = web.retrieve_instance(uid, series_uid, sent[0].SOPInstanceUID)
    assert np.array_equal(got.pixel_array, sent[0].pixel_array)
    metadata = web.retrieve_series_metadata(uid, series_uid)
    assert {item["00080018"]["Value"][0] for item in metadata} >= {ds.SOPInstanceUID for ds in sent}
    frames = web.retrieve_instance_frames(uid, series_uid, sent[0].SOPInstanceUID, frame_numbers=[1])
    assert frames[0] == sent[0].PixelData
    rendered = web.retrieve_instance_rendered(uid, series_uid, sent[0].SOPInstanceUID, media_types=("image/png",))
    assert rendered.startswith(b"\x89PNG")


def test_it_takes_the_full_tour(web: DICOMwebClient, chest_ct: PhantomStudy) -> None:
    sent = [dcmread(path) for path in chest_ct.files[:3]]
    uid, series_uid, sop_uid = chest_ct.study_instance_uid, chest_ct.series_instance_uid, sent[0].SOPInstanceUID
    assert len(web.store_instances(sent, study_instance_uid=uid).ReferencedSOPSequence) == 3
    uids = {ds.SOPInstanceUID for ds in sent}

    found = web.search_for_instances(search_filters={"SOPInstanceUID": sop_uid}, fields=["Rows", "00280011"])
    assert [(item["00280010"]["Value"], item["00280011"]["Value"]) for item in found] == [([512], [512])]
    assert {item["0020000E"]["Value"][0] for item in web.search_for_series()} >= {series_uid}
    assert len(web.search_for_instances(study_instance_uid=uid, limit=2)) == 2

    assert {ds.SOPInstanceUID for ds in web.iter_study(uid)} >= uids
    assert {ds.SOPInstanceUID for ds in web.iter_series(uid, series_uid)} >= uids
    assert {item["00080018"]["Value"][0] for item in web.retrieve_study_metadata(uid)} >= uids
    metadata = web.retrieve_instance_metadata(uid, series_uid, sop_uid)
    [pixels] = web.retrieve_bulkdata(metadata["7FE00010"]["BulkDataURI"])
    assert pixels == sent[0].PixelData

    jpeg = web.retrieve_instance_frames_rendered(uid, series_uid, sop_uid, [1], media_types=("image/jpeg",))
    assert jpeg.startswith(b"\xff\xd8")
    assert web.retrieve_series_rendered(uid, series_uid, media_types=("image/png", "image/jpeg"))


def test_pictures_of_a_complete_series_are_there_before_anybody_asks(
    web: DICOMwebClient, module_node: Node, chest_ct: PhantomStudy
) -> None:
    sent = [dcmread(path) for path in chest_ct.files[:5]]
    uid, series_uid = chest_ct.study_instance_uid, chest_ct.series_instance_uid
    web.store_instances(sent)
    ready = PreparedPictures(module_node.data_dir / "pictures")
    path = ready.path(uid, series_uid)
    wait_until(lambda: read_head(path), seconds=60, what="the pictures")
    pictures = path.read_bytes()
    for ds in sent:
        jpeg = web.retrieve_instance_rendered(uid, series_uid, ds.SOPInstanceUID, media_types=("image/jpeg",))
        png = web.retrieve_instance_rendered(uid, series_uid, ds.SOPInstanceUID, media_types=("image/png",))
        assert jpeg in pictures
        assert np.abs(_shades(jpeg) - _shades(png)).mean() < 2


def _shades(picture: bytes) -> Any:
    with Image.open(BytesIO(picture)) as opened:
        return np.asarray(opened.convert("L"), dtype=float)


def _stow(node: Node, parts: list[bytes], path: str = "/dicom-web/studies") -> tuple[int, dict[str, Any]]:
    kind = "application/dicom"
    body = b"".join(f"--{_BOUNDARY}\r\nContent-Type: {kind}\r\n\r\n".encode() + part + b"\r\n" for part in parts)
    headers = {
        "Content-Type": f'multipart/related; type="{kind}"; boundary={_BOUNDARY}',
        "Accept": "application/dicom+json",
    }
    with node.client() as client:
        answer = client.post(path, content=body + f"--{_BOUNDARY}--\r\n".encode(), headers=headers)
    return answer.status_code, answer.json()


def _reasons(answer: dict[str, Any]) -> set[int]:
    return {item["00081197"]["Value"][0] for item in answer["00081198"]["Value"]}


def test_b49_only_good_objects_are_200(module_node: Node) -> None:
    status, answer = _stow(module_node, [part10(ct_slice()), part10(ct_slice())])
    assert status == 200
    assert len(answer["00081199"]["Value"]) == 2


def test_b49_good_and_bad_objects_are_202_with_the_failures(module_node: Node) -> None:
    status, answer = _stow(module_node, [part10(ct_slice()), part10(ct_slice())[:-300]])
    assert status == 202
    assert len(answer["00081199"]["Value"]) == 1
    assert _reasons(answer) == {0xC000}


def test_b49_only_bad_objects_are_409(module_node: Node) -> None:
    status, answer = _stow(module_node, [b"not DICOM at all", part10(ct_slice())[:-300]])
    assert status == 409
    assert "00081199" not in answer or not answer["00081199"].get("Value")


def test_b49_another_study_in_the_path_is_409(module_node: Node) -> None:
    status, answer = _stow(module_node, [part10(ct_slice())], path="/dicom-web/studies/1.2.3")
    assert status == 409
    assert all(0xA900 <= reason <= 0xA9FF for reason in _reasons(answer))


def test_a_file_of_every_transfer_syntax_comes_back_equal(module_node: Node, shared_data: Path) -> None:
    files = list(sound((shared_data / "transfer_syntaxes").iterdir()))
    assert len(files) > 5
    for path, header in files:
        status, answer = _stow(module_node, [path.read_bytes()])
        assert status == 200, (path.name, answer)
        target = "/dicom-web/studies/{StudyInstanceUID}/series/{SeriesInstanceUID}/instances/{SOPInstanceUID}"
        target = target.format(**{keyword: header[keyword].value for keyword in _UNIQUE_KEYS})
        headers = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
        with module_node.client() as client:
            got = client.get(target, headers=headers).content
        assert data_set_bytes(path, header) in got, path.name
