"""The pictures of a series are made when it is complete and nobody sends, and go when it does."""

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from archive.origin import Origin, OriginKind
from archive.retrieve import StoredInstance, instances
from archive.settling import Selection
from archive.study_deletion import delete_study
from config.settings import Settings
from dicomweb.rendering.encoding import JPEG
from dicomweb.rendering.parameters import RenderingParameters
from dicomweb.rendering.picture_names import THUMBNAIL, prepared_name
from dicomweb.rendering.picture_process import PictureProcess
from dicomweb.rendering.prepared import PictureFile, PreparedPictures
from isocenter import picture_loop
from isocenter.consequences import Consequences
from isocenter.metadata_loop import MetadataLoop
from isocenter.picture_keeping import prepared_pictures, prune, sweep
from isocenter.picture_loop import PictureLoop
from isocenter.settling import SettlingLoop
from isocenter.wiring import Node, open_node
from tests.archive.objects import ct_slice, send_slice
from tests.waiting import wait_until

UPLOADED = Origin(kind=OriginKind.UPLOAD, principal="anna")
ROOM = 1 << 20
SERIES = ct_slice(1).SeriesInstanceUID


class Disk(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def node(tmp_path: Path, database_url: str) -> Iterator[Node]:
    settings = Settings.model_validate(
        {"data_dir": tmp_path / "data", "database": {"url": database_url}, "analysis": {"quiet_seconds": 0.2}}
    )
    with open_node(settings) as opened:
        yield opened


@pytest.fixture
def pictures(node: Node) -> PreparedPictures:
    return prepared_pictures(node.settings)


@pytest.fixture
def loop(node: Node, pictures: PreparedPictures, monkeypatch: pytest.MonkeyPatch) -> Iterator[PictureLoop]:
    """The loop, told of complete series as in the worker; it has to be run by the test."""
    monkeypatch.setattr(picture_loop, "_QUIET_SECONDS", 0.2)
    monkeypatch.setattr(picture_loop, "_PAUSE_SECONDS", 0.05)
    loop, stop = PictureLoop(node, pictures, ROOM), threading.Event()
    settling = SettlingLoop(
        node, select=lambda _: Selection(reason="none"), on_complete=Consequences(node.settings).series
    )
    parts = (settling.run, MetadataLoop(node, loop.offer).run, loop.run)
    threads = [threading.Thread(target=part, args=(stop,)) for part in parts]
    for thread in threads:
        thread.start()
    yield loop
    stop.set()
    for topic in ("arrivals", "jobs"):
        node.bus.publish(topic)
    for thread in threads:
        thread.join(20)


def stored(node: Node) -> list[StoredInstance]:
    return node.database.read(instances, "default", series_uids=[SERIES])


def full(pictures: PreparedPictures, one: StoredInstance) -> bytes | None:
    return pictures.get(one.series_instance_uid, one.key)


def made(node: Node, pictures: PreparedPictures) -> list[StoredInstance] | None:
    """Give the instances when each has its picture."""
    found = stored(node)
    return found if found and all(full(pictures, one) for one in found) else None


@pytest.mark.usefixtures("loop")
def test_they_are_made_when_the_series_is_complete(node: Node, pictures: PreparedPictures) -> None:
    for number in (1, 2, 3):
        send_slice(node.archive, number, origin=UPLOADED)
    first, middle, _ = wait_until(lambda: made(node, pictures), what="pictures")
    name = prepared_name(middle.key, 1, JPEG, RenderingParameters(viewport=THUMBNAIL))
    assert name is not None
    small = pictures.get(first.series_instance_uid, name)
    assert small is not None
    assert full(pictures, first)[:3] == b"\xff\xd8\xff"  # type: ignore[index]


@pytest.mark.usefixtures("loop")
def test_late_images_get_theirs_and_deleted_studies_lose_them(
    node: Node, pictures: PreparedPictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_loop, "_SWEEP_SECONDS", 0.1)
    send_slice(node.archive, 1, origin=UPLOADED)
    wait_until(lambda: made(node, pictures), what="pictures")
    send_slice(node.archive, 2, origin=UPLOADED)
    found = wait_until(lambda: made(node, pictures), what="pictures of both")
    assert len(found) == 2
    node.database.write(delete_study, "default", found[0].study_instance_uid, principal="anna", now=1.0)
    wait_until(lambda: not pictures.files(), what="an empty folder")


def test_while_somebody_sends_nothing_is_made(
    node: Node, pictures: PreparedPictures, loop: PictureLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_loop, "_QUIET_SECONDS", 3600)
    send_slice(node.archive, 1, origin=UPLOADED)
    wait_until(lambda: loop.waiting, what="a complete series")
    assert pictures.files() == []
    monkeypatch.setattr(picture_loop, "_QUIET_SECONDS", 0.2)
    wait_until(lambda: made(node, pictures), what="pictures")


def test_without_room_they_are_the_first_to_go(
    node: Node, pictures: PreparedPictures, loop: PictureLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_slice(node.archive, 1, origin=UPLOADED)
    wait_until(lambda: made(node, pictures), what="pictures")
    send_slice(node.archive, 2, origin=UPLOADED)
    monkeypatch.setattr("archive.space.shutil.disk_usage", lambda _: Disk(1 << 30, 1 << 30, 0))
    wait_until(lambda: not pictures.files(), what="an empty folder")
    wait_until(lambda: not loop.waiting, what="the end of the wish")


def test_pictures_that_cannot_be_made_are_left_out(node: Node) -> None:
    send_slice(node.archive, 1, origin=UPLOADED)
    send_slice(node.archive, 2, origin=UPLOADED)
    first, second = stored(node)
    node.blobs.path(first.key).write_bytes(b"")
    with PictureProcess(node.blobs.root) as process:
        names = process.begin([first, second, second])
        made = [process.make(number) for number in range(len(names))]
    assert [one is not None for one in made] == [True, False, True, True]


def test_a_process_that_dies_costs_one_picture(node: Node) -> None:
    send_slice(node.archive, 1, origin=UPLOADED)
    with PictureProcess(node.blobs.root) as process:
        assert len(process.begin(stored(node))) == 2
        assert process.make(0)
        subprocess.run(["pkill", "--parent", str(os.getpid()), "--full", "picture_worker"], check=True)
        assert process.make(1) is None
        assert process.make(1)


def test_the_oldest_make_room(pictures: PreparedPictures) -> None:
    pictures.folder.mkdir()
    for number, uid in enumerate(("1.1", "1.2", "1.3")):
        with PictureFile(pictures.path(uid), series_id=number, state="1") as file:
            file.add("a", bytes(1000))
            file.finish()
        os.utime(pictures.path(uid), (number, number))
    prune(pictures, 2500)
    assert [bool(pictures.get(uid, "a")) for uid in ("1.1", "1.2", "1.3")] == [False, True, True]


def test_files_without_a_series_and_old_unfinished_ones_are_swept(node: Node, pictures: PreparedPictures) -> None:
    pictures.folder.mkdir()
    with PictureFile(pictures.path("1.1"), series_id=99, state="1:1") as file:
        file.add("a", b"picture")
        file.finish()
    (pictures.folder / "new.making").write_bytes(b"x")
    (pictures.folder / "old.making").write_bytes(b"x")
    os.utime(pictures.folder / "old.making", (0, 0))
    sweep(node.database, pictures, ())
    assert [path.name for path in pictures.files()] == ["new.making"]
