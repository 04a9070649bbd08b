"""Pictures that were made ahead are given where they are the ones that are asked for, and are never in the way."""

import errno
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydicom.uid import (
    MPEG4HP41,
    CTImageStorage,
    EncapsulatedPDFStorage,
    EnhancedSRStorage,
    ExplicitVRLittleEndian,
    GrayscaleSoftcopyPresentationStateStorage,
)

from archive.decoding import DecodingPool
from archive.file_locks import lock_at_once
from archive.retrieve import StoredInstance, instances
from dicomweb.reading_at_once import NotAtHand
from dicomweb.rendering import picture_file
from dicomweb.rendering.encoding import JPEG, PNG
from dicomweb.rendering.parameters import RenderingParameters, Viewport
from dicomweb.rendering.picture_file import UNFINISHED_SUFFIX, PictureFile, remove_abandoned
from dicomweb.rendering.picture_names import THUMBNAIL, prepared_name
from dicomweb.rendering.prepared import PreparedPictures, edition, read_head
from dicomweb.rendering.wanted_pictures import wanted_pictures
from tests.dicomweb.conftest import Web, open_web
from tests.dicomweb.objects import image, path_of, ramp, saved

STUDY, UID = "1.2", "1.2.3"
PLAIN = RenderingParameters()
SMALL = RenderingParameters(viewport=THUMBNAIL)


@pytest.fixture
def pictures(tmp_path: Path) -> PreparedPictures:
    folder = tmp_path / "pictures"
    folder.mkdir()
    return PreparedPictures(folder)


def write(pictures: PreparedPictures, study_uid: str = STUDY, series_uid: str = UID, **named: bytes) -> Path:
    path = pictures.path(study_uid, series_uid)
    with PictureFile(path, series_id=7, state="1:2") as file:
        for name, picture in named.items():
            file.add(name, picture)
        file.finish()
    return path


def test_each_is_given_by_its_name(pictures: PreparedPictures) -> None:
    path = write(pictures, first=b"one", second=b"another")
    assert pictures.get(STUDY, UID, "second") == b"another"
    assert pictures.get(STUDY, UID, "first") == b"one"
    assert pictures.get(STUDY, UID, "third") is None
    assert pictures.get(STUDY, "1.2.4", "first") is None
    assert pictures.get("1.4", UID, "first") is None
    head = read_head(path)
    assert head is not None
    assert (head.series_id, head.state) == (7, "1:2")


def test_who_may_not_wait_gets_what_is_in_memory(pictures: PreparedPictures) -> None:
    assert pictures.get(STUDY, UID, "first", waits=False) is None
    write(pictures, first=b"one")
    with pytest.raises(NotAtHand):
        pictures.get(STUDY, UID, "first", waits=False)
    assert pictures.get(STUDY, UID, "first") == b"one"
    with suppress(NotAtHand):
        assert pictures.get(STUDY, UID, "first", waits=False) == b"one"
    assert pictures.get(STUDY, UID, "second", waits=False) is None


def test_a_file_that_is_written_anew_is_read_anew(pictures: PreparedPictures) -> None:
    write(pictures, first=b"one")
    assert pictures.get(STUDY, UID, "first") == b"one"
    write(pictures, first=b"two")
    assert pictures.get(STUDY, UID, "first") == b"two"
    pictures.path(STUDY, UID).unlink()
    assert pictures.get(STUDY, UID, "first") is None


def test_what_is_not_finished_is_not_there(pictures: PreparedPictures) -> None:
    with PictureFile(pictures.path(STUDY, UID), series_id=7, state="1:2") as file:
        file.add("first", b"one")
        assert pictures.get(STUDY, UID, "first") is None
        [unfinished] = pictures.folder.iterdir()
        remove_abandoned(unfinished)
        assert unfinished.exists()
        copied = unfinished.rename(unfinished.with_name("left.making"))
    remove_abandoned(copied)
    assert not copied.exists()


def test_what_fails_leaves_nothing(pictures: PreparedPictures, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: int, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, "full")

    def fill() -> None:
        with PictureFile(pictures.path(STUDY, UID), series_id=7, state="1:2") as file:
            file.add("first", b"one")

    monkeypatch.setattr("dicomweb.rendering.picture_file.os.write", full)
    with pytest.raises(OSError, match="full"):
        fill()
    assert list(pictures.folder.iterdir()) == []


def test_of_what_no_picture_could_be_made_that_is_known(pictures: PreparedPictures) -> None:
    assert read_head(write(pictures)) is not None
    assert pictures.get(STUDY, UID, "first") is None


@pytest.mark.parametrize("kept", [0, 1, 10, 30, -1, -9, -13])
def test_a_file_that_was_cut_gives_nothing(pictures: PreparedPictures, kept: int) -> None:
    path = write(pictures, first=b"one" * 20)
    path.write_bytes(path.read_bytes()[:kept])
    assert pictures.get(STUDY, UID, "first") is None


def test_a_damaged_list_or_end_gives_nothing(pictures: PreparedPictures) -> None:
    path = write(pictures, first=b"picture")
    content = path.read_bytes()
    begin = content.index(b"picture") + len("picture")
    for place in range(begin, len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert pictures.get(STUDY, UID, "first") is None
    path.write_bytes(content)
    assert pictures.get(STUDY, UID, "first") == b"picture"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"7",
        b"{}",
        b"[" * 400,
        b'{"series_id": "7", "state": "1:2", "edition": "x"}',
        b'{"series_id": 7, "state": "1:2", "edition": "of another version"}',
        b'{"series_id": %d, "state": "1:2", "edition": "x"}' % (1 << 70),
    ],
)
def test_a_head_that_is_none_gives_nothing(pictures: PreparedPictures, line: bytes) -> None:
    path = write(pictures, first=b"one")
    path.write_bytes(line.replace(b'"x"', f'"{edition()}"'.encode()) + b"\n" + path.read_bytes())
    assert read_head(path) is None
    assert pictures.get(STUDY, UID, "first") is None


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


def stored(key: str, **changes: Any) -> StoredInstance:
    values: dict[str, Any] = {
        "patient_id": "P",
        "study_instance_uid": "1.2",
        "series_instance_uid": UID,
        "sop_instance_uid": "1.2.3.1",
        "sop_class_uid": CTImageStorage,
        "transfer_syntax_uid": ExplicitVRLittleEndian,
        "modality": "CT",
        "instance_number": 1,
        "key": key,
        "data_offset": 300,
        "size": 1000,
        "content_hash": "",
        "number_of_frames": None,
        "rows": 4,
        "columns": 4,
        "hidden": False,
    }
    return StoredInstance(**(values | changes))


def test_of_a_stack_its_middle_stands_for_it_and_each_image_is_shown() -> None:
    wanted = list(wanted_pictures([stored(key) for key in "abc"]))
    assert [(one.name, one.number) for one in wanted] == [("b 1 128", 1), ("a", 1), ("b", 1), ("c", 1)]


def test_of_several_frames_the_middle_one_is_the_small_picture() -> None:
    wanted = list(wanted_pictures([stored("a", number_of_frames=9)]))
    assert [(one.name, one.number) for one in wanted] == [("a 5 128", 5), ("a", 1)]


@pytest.mark.parametrize(
    "changes",
    [
        {"sop_class_uid": EnhancedSRStorage, "rows": None},
        {"sop_class_uid": EncapsulatedPDFStorage},
        {"sop_class_uid": GrayscaleSoftcopyPresentationStateStorage},
        {"transfer_syntax_uid": MPEG4HP41},
    ],
)
def test_of_what_is_no_picture_none_is_made(changes: dict[str, Any]) -> None:
    assert not list(wanted_pictures([stored("a", **changes)]))


@pytest.fixture
def web(sqlite_url: str, tmp_path: Path, decoder: DecodingPool, pictures: PreparedPictures) -> Iterator[Web]:
    """Serve with pictures that were made ahead."""
    with open_web(sqlite_url, tmp_path, decoder, prepared=pictures) as opened:
        yield opened


def test_they_are_given_instead_of_new_ones(web: Web, pictures: PreparedPictures, tmp_path: Path) -> None:
    ds = image(ramp())
    web.receive(saved(ds, tmp_path))
    [stored] = web.database.read(instances, "default", sop_uids=[ds.SOPInstanceUID])
    write(
        pictures, ds.StudyInstanceUID, ds.SeriesInstanceUID, **{stored.key: b"plain", f"{stored.key} 1 128": b"small"}
    )
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
    write(pictures, ds.StudyInstanceUID, ds.SeriesInstanceUID, **{stored.key: b"plain"})
    assert web.http.delete(f"/studies/{ds.StudyInstanceUID}").is_success
    assert web.http.get(f"{path_of(ds)}/rendered").status_code == httpx.codes.NOT_FOUND


def test_a_file_that_is_removed_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who sweeps the folder comes between making and locking, once."""
    swept: list[Path] = []

    def swept_before(file: int) -> bool:
        if not swept:
            swept.extend(tmp_path.glob(f"*{UNFINISHED_SUFFIX}"))
            for path in swept:
                remove_abandoned(path)
        return lock_at_once(file)

    monkeypatch.setattr(picture_file, "lock_at_once", swept_before)
    with PictureFile(tmp_path / "1.pictures", series_id=1, state="x") as file:
        file.finish()
    assert len(swept) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["1.pictures"]
