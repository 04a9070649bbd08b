"""A frame that was asked for before is found faster, and is the same; what was taken away is gone at once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import ExplicitVRBigEndian, RLELossless
from sqlalchemy import Connection, delete, update

from archive.tables import instance
from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, path_of, saved
from tests.dicomweb.test_wado import content, parts

_STORED = {"Accept": 'multipart/related; type="application/octet-stream"; transfer-syntax=*'}
_NATIVE = {"Accept": 'multipart/related; type="application/octet-stream"'}


def frame(web: Web, ds: Dataset, headers: dict[str, str], number: int = 1) -> bytes:
    """Ask for a frame."""
    answer = web.http.get(f"{path_of(ds)}/frames/{number}", headers=headers)
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    (part,) = parts(answer)
    return content(part)


def _of(rows: int, columns: int) -> Any:
    return np.arange(2 * rows * columns, dtype=np.uint16).reshape(2, rows, columns)


# The second is larger than what is read without a change of thread.
@pytest.mark.parametrize("shape", [(16, 24), (800, 800)])
def test_frames_are_the_same_each_time(shared_web: Web, tmp_path: Path, shape: tuple[int, int]) -> None:
    samples = _of(*shape)
    ds = image(samples[0], NumberOfFrames=2, PixelData=samples.tobytes())
    shared_web.receive(saved(ds, tmp_path))
    for _ in range(3):
        for number in (2, 1):
            assert frame(shared_web, ds, _STORED, number) == samples[number - 1].tobytes()
    for _ in range(2):
        assert shared_web.http.get(f"{path_of(ds)}/frames/3", headers=_STORED).status_code == 404


@pytest.mark.parametrize("syntax", [RLELossless, ExplicitVRBigEndian])
def test_frames_that_are_worked_on_are_the_same_each_time(shared_web: Web, tmp_path: Path, syntax: str) -> None:
    samples = _of(16, 24)[0]
    ds = image(samples)
    if syntax == RLELossless:
        ds.compress(RLELossless, generate_instance_uid=False)
    else:
        ds["PixelData"].value = samples.astype(">u2").tobytes()
    shared_web.receive(saved(ds, tmp_path, syntax))
    for _ in range(3):
        assert frame(shared_web, ds, _NATIVE) == samples.tobytes()
    if syntax == RLELossless:
        assert len({frame(shared_web, ds, _STORED) for _ in range(3)}) == 1


def hide(connection: Connection, hidden: bool) -> None:
    connection.execute(update(instance).values(hidden=hidden))


def test_what_is_rejected_or_removed_is_gone_at_once(any_web: Web, tmp_path: Path) -> None:
    ds = image(_of(16, 24)[0])
    any_web.receive(saved(ds, tmp_path))
    for hidden in (True, False, True, False):
        any_web.database.write(hide, hidden)
        for _ in range(2):
            answer = any_web.http.get(f"{path_of(ds)}/frames/1", headers=_STORED)
            assert answer.status_code == (404 if hidden else 200)
    any_web.database.write(lambda connection: connection.execute(delete(instance)))
    assert any_web.http.get(f"{path_of(ds)}/frames/1", headers=_STORED).status_code == 404


def test_the_client_that_has_a_frame_is_told_so_each_time(shared_web: Web, tmp_path: Path) -> None:
    ds = image(_of(16, 24)[0])
    shared_web.receive(saved(ds, tmp_path))
    url = f"{path_of(ds)}/frames/1"
    tags = {shared_web.http.get(url, headers=_STORED).headers["etag"] for _ in range(3)}
    assert len(tags) == 1
    answer = shared_web.http.get(url, headers={**_STORED, "If-None-Match": tags.pop()})
    assert (answer.status_code, answer.content) == (304, b"")
    assert shared_web.http.get(url, headers=_NATIVE).headers["etag"] != answer.headers["etag"]


def test_a_file_that_is_gone_is_404_though_its_frame_was_given_before(shared_web: Web, tmp_path: Path) -> None:
    ds = image(_of(16, 24)[0])
    shared_web.receive(saved(ds, tmp_path))
    before = {path for path in (shared_web.archive.blobs.root).rglob("*") if path.is_file()}
    frame(shared_web, ds, _STORED)
    newest = max(before, key=lambda path: path.stat().st_mtime_ns)
    newest.unlink()
    assert shared_web.http.get(f"{path_of(ds)}/frames/1", headers=_STORED).status_code == 404
