"""Metadata of series and studies: made before anybody asks, right for every address, and never of yesterday."""

import gzip
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import generate_uid
from sqlalchemy import Connection, select, update

from archive import series_metadata
from archive.series_summary import summarize
from archive.tables import instance, series
from dicomweb.series_metadata import SeriesMetadata
from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, ramp, saved

_JSON = {"Accept": "application/dicom+json", "Accept-Encoding": "identity"}


class Stored:
    """A study of two series, of three and of two slices."""

    def __init__(self, web: Web, folder: Path) -> None:
        self.web = web
        self.study_uid, self.series_uids = generate_uid(), [generate_uid(), generate_uid()]
        self.sop_uids: list[str] = []
        self._folder = folder
        for number, count in enumerate((3, 2)):
            for _ in range(count):
                self.add(number)

    def add(self, number: int) -> None:
        ds = image(ramp())
        ds.StudyInstanceUID, ds.SeriesInstanceUID = self.study_uid, self.series_uids[number]
        ds.SOPInstanceUID, ds.SeriesNumber, ds.InstanceNumber = generate_uid(), number + 1, len(self.sop_uids) + 1
        self.web.receive(saved(ds, self._folder))
        self.sop_uids.append(ds.SOPInstanceUID)

    def series_path(self, number: int) -> str:
        return f"/studies/{self.study_uid}/series/{self.series_uids[number]}/metadata"

    def get(self, path: str, **headers: str) -> list[dict[str, Any]]:
        answer = self.web.http.get(path, headers={**_JSON, **headers})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found

    def alone(self, number: int, sop_uid: str) -> dict[str, Any]:
        path = f"/studies/{self.study_uid}/series/{self.series_uids[number]}/instances/{sop_uid}/metadata"
        [found] = self.get(path)
        return found


@pytest.fixture
def stored(any_web: Web, tmp_path: Path) -> Stored:
    return Stored(any_web, tmp_path)


def _uids(items: list[dict[str, Any]]) -> list[str]:
    return [item["00080018"]["Value"][0] for item in items]


def test_a_series_says_what_its_instances_say(stored: Stored) -> None:
    for _ in range(2):
        items = stored.get(stored.series_path(0))
        assert _uids(items) == stored.sop_uids[:3]
        assert items == [stored.alone(0, uid) for uid in stored.sop_uids[:3]]


def test_a_study_says_what_its_series_say(stored: Stored) -> None:
    both = [item for number in (0, 1) for item in stored.get(stored.series_path(number))]
    assert stored.get(f"/studies/{stored.study_uid}/metadata") == both


def test_uris_are_those_of_the_address_that_the_client_used(stored: Stored) -> None:
    for host in ("pacs.example:8443", "[::1]:99", "pacs.example:8443"):
        for item in stored.get(stored.series_path(0), Host=host):
            assert item["00081190"]["Value"][0].startswith(f"http://{host}/dicom-web/studies/{stored.study_uid}/")
            assert item["7FE00010"]["BulkDataURI"].startswith(item["00081190"]["Value"][0] + "/bulkdata/")


def test_gzip_is_sent_to_those_who_take_it(stored: Stored) -> None:
    plain = stored.get(stored.series_path(0))
    for _ in range(2):
        headers = {**_JSON, "Accept-Encoding": "gzip"}
        with stored.web.http.stream("GET", stored.series_path(0), headers=headers) as answer:
            content = b"".join(answer.iter_raw())
            assert answer.headers["content-encoding"] == "gzip"
            assert "Accept-Encoding" in answer.headers["vary"]
        assert json.loads(gzip.decompress(content)) == plain


def test_late_images_are_in_the_next_answer(stored: Stored) -> None:
    assert len(stored.get(stored.series_path(1))) == 2
    stored.add(1)
    assert _uids(stored.get(stored.series_path(1))) == stored.sop_uids[3:]


def test_what_is_hidden_is_not_in_the_next_answer(stored: Stored) -> None:
    before = stored.get(stored.series_path(0))

    def hide(connection: Connection) -> None:
        which = instance.c.sop_instance_uid == stored.sop_uids[0]
        connection.execute(update(instance).where(which).values(hidden=True))

    stored.web.database.write(hide)
    assert stored.get(stored.series_path(0)) == before[1:]


def test_what_a_client_has_is_not_sent_again_until_it_changes(stored: Stored) -> None:
    path = stored.series_path(0)
    tag = stored.web.http.get(path, headers=_JSON).headers["etag"]
    conditional = {**_JSON, "If-None-Match": tag}
    assert stored.web.http.get(path, headers=conditional).status_code == 304
    stored.add(0)
    assert stored.web.http.get(path, headers=conditional).status_code == 200


def test_a_head_request_has_the_headers_alone(stored: Stored) -> None:
    answer = stored.web.http.head(stored.series_path(0), headers=_JSON)
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "application/dicom+json", b"")


def test_xml_comes_in_parts(stored: Stored) -> None:
    accept = 'multipart/related; type="application/dicom+xml"'
    answer = stored.web.http.get(stored.series_path(0), headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(accept)
    assert answer.text.count("<NativeDicomModel ") == 3
    assert all(uid in answer.text for uid in stored.sop_uids[:3])


@pytest.mark.parametrize(
    "path", ["/studies/1.2.3/metadata", "/studies/nothing/metadata", "/studies/1.2/series/x/metadata"]
)
def test_what_is_not_there_is_not_found(any_web: Web, path: str) -> None:
    assert any_web.http.get(f"{path}/metadata", headers=_JSON).status_code == 404


def test_what_was_made_before_needs_no_files_any_more(stored: Stored) -> None:
    def series_ids(connection: Connection) -> list[int]:
        return list(connection.execute(select(series.c.id)).scalars())

    def note(connection: Connection) -> None:
        for series_id in series_ids(connection):
            series_metadata.expect(connection, summarize(connection, series_id), now=time.time())

    expected = [stored.alone(0, uid) for uid in stored.sop_uids[:3]]
    database, blobs = stored.web.database, stored.web.archive.blobs
    database.write(note)
    for state in database.read(series_metadata.wanted):
        SeriesMetadata(database, blobs).prepare(state)
    assert database.read(series_metadata.wanted) == []
    for path in (blobs.root).rglob("*.dcm"):
        path.unlink()
    assert stored.get(stored.series_path(0)) == expected


def test_many_may_ask_at_once_for_what_is_not_made_yet(stored: Stored) -> None:
    answers: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(_uids(stored.get(stored.series_path(0))))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [stored.sop_uids[:3]] * 6
