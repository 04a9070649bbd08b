"""The pictures of a series are made when nobody sends, and go when it does."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from archive.index import Outcome
from archive.origin import Origin, OriginKind
from archive.retrieve import StoredInstance, instances
from archive.series_pictures import SeriesMark, marks
from archive.series_summary import SeriesSummary
from archive.settling import Selection, settle
from archive.study_deletion import delete_study
from config.settings import Settings
from dicomweb.rendering.encoding import JPEG
from dicomweb.rendering.parameters import RenderingParameters
from dicomweb.rendering.picture_file import UNFINISHED_SUFFIX, PictureFile
from dicomweb.rendering.picture_names import THUMBNAIL, prepared_name
from dicomweb.rendering.picture_process import PictureProcess
from dicomweb.rendering.prepared import SUFFIX, PreparedPictures, read_head
from isocenter import picture_keeping, picture_loop
from isocenter.consequences import Consequences
from isocenter.metadata_loop import MetadataLoop
from isocenter.picture_keeping import PictureKeeping, prepared_pictures, prune, sweep
from isocenter.picture_loop import PictureLoop, _is_the_only_one
from isocenter.settling import SettlingLoop
from isocenter.wiring import Node, open_node
from tests.archive.objects import ct_slice, send_slice
from tests.waiting import wait_until

UPLOADED = Origin(kind=OriginKind.UPLOAD, principal="anna")
STUDY, SERIES = ct_slice(1).StudyInstanceUID, ct_slice(1).SeriesInstanceUID


GROWING: dict[str, Any] = {
    "series_id": 1,
    "tenant": "default",
    "study_instance_uid": STUDY,
    "series_instance_uid": SERIES,
}


class Disk(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def quiet_seconds() -> float:
    """How long it takes until a series is complete."""
    return 0.2


@pytest.fixture
def node(tmp_path: Path, database_url: str, quiet_seconds: float) -> Iterator[Node]:
    settings = Settings.model_validate(
        {"data_dir": tmp_path / "data", "database": {"url": database_url}, "analysis": {"quiet_seconds": quiet_seconds}}
    )
    with open_node(settings) as opened:
        yield opened


@pytest.fixture
def pictures(node: Node) -> PreparedPictures:
    return prepared_pictures(node.settings)


@pytest.fixture
def loop(node: Node, monkeypatch: pytest.MonkeyPatch) -> Iterator[PictureLoop]:
    """The loop, told of complete series as in the worker, and what keeps the folder beside it."""
    monkeypatch.setattr(picture_loop, "_QUIET_SECONDS", 0.2)
    monkeypatch.setattr(picture_loop, "_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(picture_keeping, "_PAUSE_SECONDS", 0.1)
    loop, stop = PictureLoop(node), threading.Event()
    settling = SettlingLoop(node, select=no_analyzers, on_complete=Consequences(node.settings).series)
    keeping = PictureKeeping(node.database, node.settings, loop.waiting)
    parts = (settling.run, MetadataLoop(node, lambda made: loop.offer(made.series_id)).run, loop.run, keeping.run)
    threads = [threading.Thread(target=part, args=(stop,)) for part in parts]
    for thread in threads:
        thread.start()
    yield loop
    stop.set()
    for topic in ("arrivals", "jobs"):
        node.bus.publish(topic)
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


class Looks:
    """Answers whether nobody sends, and counts how often that was asked."""

    def __init__(self, *, quiet: bool, until: int | None = None) -> None:
        self.quiet, self.count, self._until = quiet, 0, until

    def __call__(self) -> bool:
        self.count += 1
        return self.quiet and (self._until is None or self.count <= self._until)


def files(pictures: PreparedPictures) -> list[Path]:
    return sorted(pictures.folder.iterdir()) if pictures.folder.is_dir() else []


def delete(node: Node, one: StoredInstance) -> None:
    node.database.write(delete_study, "default", one.study_instance_uid, principal="anna", now=1.0)


def stored(node: Node) -> list[StoredInstance]:
    return node.database.read(instances, "default", series_uids=[SERIES])


def full(pictures: PreparedPictures, one: StoredInstance) -> bytes | None:
    return pictures.get(one.study_instance_uid, one.series_instance_uid, one.key)


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
    small = pictures.get(STUDY, SERIES, name)
    assert small is not None
    assert full(pictures, first)[:3] == b"\xff\xd8\xff"  # type: ignore[index]


@pytest.mark.usefixtures("loop")
def test_late_images_get_theirs_and_deleted_studies_lose_them(node: Node, pictures: PreparedPictures) -> None:
    send_slice(node.archive, 1, origin=UPLOADED)
    wait_until(lambda: made(node, pictures), what="pictures")
    send_slice(node.archive, 2, origin=UPLOADED)
    found = wait_until(lambda: made(node, pictures), what="pictures of both")
    assert len(found) == 2
    delete(node, found[0])
    wait_until(lambda: not files(pictures), what="an empty folder")


@pytest.mark.usefixtures("loop")
@pytest.mark.parametrize("quiet_seconds", [3600.0])
def test_nobody_waits_for_the_end_of_a_series(node: Node, pictures: PreparedPictures) -> None:
    send_slice(node.archive, 1, origin=UPLOADED)
    wait_until(lambda: made(node, pictures), what="pictures")
    assert not mark_of(node).complete


@pytest.mark.usefixtures("loop")
@pytest.mark.parametrize("quiet_seconds", [3600.0])
def test_a_replaced_image_makes_another_state(node: Node) -> None:
    send_slice(node.archive, 1, origin=UPLOADED)
    before = mark_of(node).state
    node.blobs.path(stored(node)[0].key).unlink()
    assert send_slice(node.archive, 1, origin=UPLOADED).outcome == Outcome.REPLACED
    wait_until(lambda: mark_of(node).state != before, what="another state")
    assert len(stored(node)) == 1


@pytest.mark.usefixtures("loop")
@pytest.mark.parametrize("quiet_seconds", [3600.0])
def test_what_was_made_before_the_end_is_not_made_again(node: Node, pictures: PreparedPictures) -> None:
    send_slice(node.archive, 1, origin=UPLOADED)
    wait_until(lambda: made(node, pictures), what="pictures")
    growing, file = mark_of(node), pictures.path(STUDY, SERIES).stat()
    assert not growing.complete
    completing = Consequences(node.settings).series
    node.database.write(
        partial(settle, now=time.time(), quiet_seconds=0.0, select=no_analyzers, on_complete=completing)
    )
    assert mark_of(node) == replace(growing, complete=True)
    # Another series is made after whatever would have been made of this one.
    other = send_slice(node.archive, 2, origin=UPLOADED, SeriesInstanceUID="1.2.3", SOPInstanceUID="1.2.3.1")
    wait_until(lambda: pictures.path(STUDY, "1.2.3").exists(), what="pictures of another series")
    assert other.header.series_instance_uid == "1.2.3"
    now = pictures.path(STUDY, SERIES).stat()
    assert (now.st_ino, now.st_mtime_ns) == (file.st_ino, file.st_mtime_ns)


def no_analyzers(_summary: SeriesSummary) -> Selection:
    return Selection(reason="none")


def mark_of(node: Node) -> SeriesMark:
    return wait_until(lambda: node.database.read(marks, [1]).get(1), what="a series")


def test_a_series_that_grows_slowly_is_not_made_for_each_image(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, now = PictureLoop(node), SeriesMark(**GROWING, state="1:1", complete=False)
    monkeypatch.setattr("archive.series_pictures.growing", lambda _: [now])

    def is_offered() -> bool:
        loop._offer_growing()
        return loop._next() is not None

    assert is_offered()
    assert not is_offered()
    now = replace(now, state="1:2")
    assert not is_offered()
    monkeypatch.setattr(picture_loop, "_AGAIN_SECONDS", 0.0)
    assert is_offered()
    # Nothing came since, however long that is.
    assert not is_offered()


def test_of_several_workers_one_makes_pictures(node: Node, pictures: PreparedPictures, loop: PictureLoop) -> None:
    pictures.folder.mkdir()
    with _is_the_only_one(pictures.folder) as may_make:
        assert may_make
        send_slice(node.archive, 1, origin=UPLOADED)
        wait_until(lambda: mark_of(node).complete, what="a complete series")
        wait_until(loop.waiting, what="a series that waits")
        time.sleep(20 * picture_loop._PAUSE_SECONDS)
        assert loop.waiting() == {1}
        assert files(pictures) == []
    wait_until(lambda: made(node, pictures), what="pictures")


def test_while_somebody_sends_nothing_is_made(
    node: Node, pictures: PreparedPictures, loop: PictureLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Looks(quiet=False)
    monkeypatch.setattr(loop, "_is_quiet", looks)
    send_slice(node.archive, 1, origin=UPLOADED)
    wait_until(lambda: looks.count > 3, what="looks whether somebody sends")
    assert len(loop.waiting()) == 1
    assert files(pictures) == []
    looks.quiet = True
    wait_until(lambda: made(node, pictures), what="pictures")


def test_a_study_that_is_deleted_while_its_pictures_are_made_gets_none(
    node: Node, pictures: PreparedPictures, loop: PictureLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_is_quiet", Looks(quiet=False))
    for number in range(1, 20):
        send_slice(node.archive, number, origin=UPLOADED)
    looks = Looks(quiet=True, until=2)
    monkeypatch.setattr(loop, "_is_quiet", looks)
    # It was quiet once before the first picture and once with it; then somebody sends.
    wait_until(lambda: looks.count > 3, what="looks between pictures")
    assert [path.suffix for path in files(pictures)] == [UNFINISHED_SUFFIX]
    delete(node, stored(node)[0])
    wait_until(lambda: not files(pictures), what="an empty folder")
    assert not loop.waiting()


def test_without_room_they_are_the_first_to_go(
    node: Node, pictures: PreparedPictures, loop: PictureLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_slice(node.archive, 1, origin=UPLOADED)
    wait_until(lambda: made(node, pictures), what="pictures")
    monkeypatch.setattr("archive.space.shutil.disk_usage", lambda _: Disk(1 << 30, 1 << 30, 0))
    wait_until(lambda: not files(pictures), what="an empty folder")
    loop.offer(1)
    wait_until(lambda: not loop.waiting(), what="the end of the wish")
    assert files(pictures) == []


def test_a_series_waits_once_and_the_newest_are_kept(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_loop, "_MOST_WAITING", 2)
    loop = PictureLoop(node)
    for number in (1, 2, 1, 3):
        loop.offer(number)
    assert loop.waiting() == {1, 3}


def test_nothing_waits_where_no_room_is_given(tmp_path: Path, sqlite_url: str) -> None:
    values = {"data_dir": tmp_path / "data", "database": {"url": sqlite_url}, "web": {"prepared_pictures_bytes": 0}}
    with open_node(Settings.model_validate(values)) as node:
        loop = PictureLoop(node)
        loop.offer(1)
        assert not loop.waiting()


@pytest.mark.usefixtures("loop")
def test_images_that_cannot_be_shown_do_not_hold_up_the_others(node: Node, pictures: PreparedPictures) -> None:
    for number in range(1, 12):
        send_slice(node.archive, number, origin=UPLOADED)
    for one in stored(node):
        node.blobs.path(one.key).write_bytes(b"")
    wait_until(lambda: read_head(pictures.path(STUDY, SERIES)), what="a file without pictures")
    assert full(pictures, stored(node)[0]) is None


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


def test_a_process_that_is_ended_from_elsewhere_makes_nothing_more(node: Node) -> None:
    send_slice(node.archive, 1, origin=UPLOADED)
    pipe = node.blobs.path(stored(node)[0].key)
    pipe.unlink()
    # Whoever opens it waits for somebody who writes.
    os.mkfifo(pipe)
    with PictureProcess(node.blobs.root) as process:
        process.begin(stored(node))
        killer = threading.Timer(0.5, process.kill)
        killer.start()
        assert process.make(0) is None
        assert process.make(0) is None
        killer.join()


def test_the_oldest_make_room(pictures: PreparedPictures) -> None:
    pictures.folder.mkdir()
    for number, uid in enumerate(("1.1", "1.2", "1.3"), start=1):
        write(pictures, uid, series_id=number, picture=bytes(1000))
        os.utime(pictures.path(STUDY, uid), (number, number))
    prune(pictures.folder, 3000)
    assert [bool(pictures.get(STUDY, uid, "a")) for uid in ("1.1", "1.2", "1.3")] == [False, True, True]


def test_what_belongs_to_no_series_is_swept(node: Node, pictures: PreparedPictures) -> None:
    pictures.folder.mkdir()
    (pictures.folder / "lost+found").mkdir()
    send_slice(node.archive, 1, origin=UPLOADED)
    # One of a series that is not there, one of another series with the id of this one, a damaged one, one left behind.
    write(pictures, "1.1", series_id=99)
    write(pictures, "1.2", series_id=1)
    write(pictures, SERIES, series_id=1)
    (pictures.folder / f"damaged{SUFFIX}").write_bytes(b"x")
    (pictures.folder / f"left{UNFINISHED_SUFFIX}").write_bytes(b"x")
    with PictureFile(pictures.path(STUDY, "1.4"), series_id=4, state="1:1") as file:
        file.add("a", b"picture")
        sweep(node.database, pictures.folder, ())
        assert {path.suffix for path in files(pictures)} == {SUFFIX, UNFINISHED_SUFFIX, ""}
        assert pictures.get(STUDY, SERIES, "a") == b"picture"
        assert len(files(pictures)) == 3


def write(pictures: PreparedPictures, uid: str, *, series_id: int, picture: bytes = b"picture") -> None:
    with PictureFile(pictures.path(STUDY, uid), series_id=series_id, state="1:1") as file:
        file.add("a", picture)
        file.finish()
