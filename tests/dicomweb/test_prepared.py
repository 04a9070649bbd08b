"""Pictures that were made ahead are given where they are the ones that are asked for, and are never in the way."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from archive.decoding import DecodingPool
from archive.retrieve import instances
from dicomweb.rendering.encoding import JPEG, PNG
from dicomweb.rendering.parameters import RenderingParameters, Viewport
from dicomweb.rendering.picture_names import THUMBNAIL, prepared_name
from dicomweb.rendering.prepared import PictureFile, PreparedPictures
from tests.dicomweb.conftest import Web, open_web
from tests.dicomweb.objects import image, path_of, ramp, saved

UID = "1.2.3"
PLAIN = RenderingParameters()
SMALL = RenderingParameters(viewport=THUMBNAIL)


@pytest.fixture
def pictures(tmp_path: Path) -> PreparedPictures:
    folder = tmp_path / "pictures"
    folder.mkdir()
    return PreparedPictures(folder)


def write(pictures: PreparedPictures, uid: str = UID, **named: bytes) -> Path:
    path = pictures.path(uid)
    with PictureFile(path, series_id=7, state="1:2") as file:
        for name, picture in named.items():
            file.add(name, picture)
        file.finish()
    return path


def test_each_is_given_by_its_name(pictures: PreparedPictures) -> None:
    path = write(pictures, first=b"one", second=b"another")
    assert pictures.get(UID, "second") == b"another"
    assert pictures.get(UID, "first") == b"one"
    assert pictures.get(UID, "third") is None
    assert pictures.get("1.2.4", "first") is None
    contents = pictures.contents(path)
    assert contents is not None
    assert (contents.series_id, contents.state) == (7, "1:2")


def test_a_file_that_is_written_anew_is_read_anew(pictures: PreparedPictures) -> None:
    write(pictures, first=b"one")
    assert pictures.get(UID, "first") == b"one"
    write(pictures, first=b"two")
    assert pictures.get(UID, "first") == b"two"
    pictures.path(UID).unlink()
    assert pictures.get(UID, "first") is None


def test_what_is_not_finished_is_not_there(pictures: PreparedPictures) -> None:
    with PictureFile(pictures.path(UID), series_id=7, state="1:2") as file:
        file.add("first", b"one")
        assert pictures.get(UID, "first") is None
        assert all(map(pictures.is_unfinished, pictures.files()))
    assert pictures.files() == []


def test_a_file_without_pictures_is_not_kept(pictures: PreparedPictures) -> None:
    write(pictures)
    assert pictures.files() == []


@pytest.mark.parametrize("kept", [0, 1, 10, 30, -1, -9, -13])
def test_a_damaged_file_gives_nothing(pictures: PreparedPictures, kept: int) -> None:
    path = write(pictures, first=b"one" * 20)
    path.write_bytes(path.read_bytes()[:kept])
    assert pictures.get(UID, "first") is None
    assert pictures.contents(path) is None


def test_a_list_that_points_elsewhere_gives_nothing(pictures: PreparedPictures) -> None:
    path = write(pictures, first=b"one")
    content = path.read_bytes()
    os.truncate(path, 0)
    path.write_bytes(content.replace(b'"first", 0, 3', b'"first", 0, 9999'))
    assert pictures.get(UID, "first") is None


@pytest.mark.parametrize(
    ("number", "media_type", "wanted", "is_prepared"),
    [
        (1, JPEG, PLAIN, True),
        (2, JPEG, PLAIN, False),
        (1, PNG, PLAIN, False),
        (1, JPEG, RenderingParameters(quality=89), False),
        (1, JPEG, RenderingParameters(annotation=frozenset({"patient"})), False),
        (1, JPEG, RenderingParameters(viewport=Viewport(127, 128)), False),
        (2, JPEG, SMALL, True),
        (2, PNG, SMALL, False),
    ],
)
def test_only_the_usual_ones_are_made_ahead(
    number: int, media_type: str, wanted: RenderingParameters, *, is_prepared: bool
) -> None:
    assert (prepared_name("k", number, media_type, wanted) is not None) == is_prepared


def test_frames_have_names_of_their_own() -> None:
    names = {prepared_name("k", number, JPEG, wanted) for number, wanted in ((1, PLAIN), (1, SMALL), (2, SMALL))}
    assert len(names) == 3


@pytest.fixture
def web(sqlite_url: str, tmp_path: Path, decoder: DecodingPool, pictures: PreparedPictures) -> Iterator[Web]:
    """Serve with pictures that were made ahead."""
    with open_web(sqlite_url, tmp_path, decoder, prepared=pictures) as opened:
        yield opened


def test_they_are_given_instead_of_new_ones(web: Web, pictures: PreparedPictures, tmp_path: Path) -> None:
    ds = image(ramp())
    web.receive(saved(ds, tmp_path))
    [stored] = web.database.read(instances, "default", sop_uids=[ds.SOPInstanceUID])
    write(pictures, ds.SeriesInstanceUID, **{stored.key: b"plain", f"{stored.key} 1 128": b"small"})
    for path, picture in {
        "/rendered": b"plain",
        "/frames/1/rendered": b"plain",
        "/thumbnail": b"small",
        "/rendered?viewport=128,128": b"small",
    }.items():
        assert web.http.get(f"{path_of(ds)}{path}").content == picture
    for path in ("/rendered?quality=80", "/rendered?window=10,20", "/rendered?annotation=patient"):
        assert web.http.get(f"{path_of(ds)}{path}").content.startswith(b"\xff\xd8")


def test_they_do_not_outlive_the_object(web: Web, pictures: PreparedPictures, tmp_path: Path) -> None:
    ds = image(ramp())
    web.receive(saved(ds, tmp_path))
    [stored] = web.database.read(instances, "default", sop_uids=[ds.SOPInstanceUID])
    write(pictures, ds.SeriesInstanceUID, **{stored.key: b"plain"})
    assert web.http.delete(f"/studies/{ds.StudyInstanceUID}").is_success
    assert web.http.get(f"{path_of(ds)}/rendered").status_code == httpx.codes.NOT_FOUND
