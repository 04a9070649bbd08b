"""C-GET and C-MOVE from a remote archive into ours."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID
from pynetdicom import evt

from archive import retrieve as stored
from archive.blobs import FileBlobs
from archive.database import Database
from archive.ingest import Archive
from archive.retrievals import Counts, RetrievalState
from routing.peers import Peer
from routing.remote_classes import storage_pairs
from routing.remote_query import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from routing.remote_retrieve import STUDY_ROOT_GET, Method, Wanted
from routing.retrieving import Ended, retrieve
from tests.archive.objects import SERIES, STUDY, ct_slice, sop_uid
from tests.routing.archives import RemoteArchive
from tests.routing.peers import CT, EXPLICIT, IMPLICIT, scp

OTHER = "1.2.826.0.1.3680043.8.498.9"


def slices(count: int) -> list[Dataset]:
    """Slices that are not in the archive yet."""
    return [slice_of(number) for number in range(1, count + 1)]


def slice_of(number: int, **changes: Any) -> Dataset:
    """A slice as a peer keeps it: with the file meta information that says how it is encoded."""
    values = {"StudyInstanceUID": OTHER, "SOPInstanceUID": f"{OTHER}.{number}", **changes}
    data_set = ct_slice(number, **values)
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = UID(EXPLICIT)
    return data_set


@dataclass
class Fetch:
    """Retrieves into the archive of a test, and keeps what was counted."""

    archive: Archive
    counts: list[Counts] = field(default_factory=list)
    canceled: Callable[[], bool] = lambda: False

    def __call__(self, pacs: Peer, method: Method = Method.GET, wanted: Wanted | None = None) -> Ended:
        return retrieve(
            pacs,
            wanted or Wanted(study_uid=OTHER),
            method,
            archive=self.archive,
            tenant="default",
            principal="admin",
            noted=self.counts.append,
            canceled=self.canceled,
        )

    def kept(self, study_uid: str = OTHER) -> list[str]:
        found = self.archive.database.read(stored.instances, "default", study_uids=(study_uid,))
        return sorted(str(instance.sop_instance_uid) for instance in found)


@pytest.fixture
def fetch(sqlite_url: str, tmp_path: Path) -> Iterator[Fetch]:
    with Database(sqlite_url) as database, FileBlobs(tmp_path / "blobs") as blobs, Archive(database, blobs) as archive:
        yield Fetch(archive)


def test_a_study_comes_by_c_get_into_the_archive(fetch: Fetch) -> None:
    archive = RemoteArchive(slices(3))
    archive.go_on.set()
    with archive.running() as pacs:
        ended = fetch(pacs)
    assert ended == Ended(
        state=RetrievalState.COMPLETE, message="", counts=Counts(remaining=0, completed=3, failed=0, warning=0)
    )
    assert fetch.kept() == [f"{OTHER}.{number}" for number in (1, 2, 3)]
    assert {count.remaining for count in fetch.counts} >= {2, 1, 0}
    assert archive.asked[-1].QueryRetrieveLevel == "STUDY"


def test_series_are_asked_for_by_their_uids(fetch: Fetch) -> None:
    archive = RemoteArchive(slices(1))
    with archive.running() as pacs:
        fetch(pacs, wanted=Wanted(study_uid=OTHER, series_uids=(SERIES, "1.2.3")))
    asked = archive.asked[-1]
    assert (asked.QueryRetrieveLevel, list(asked.SeriesInstanceUID)) == ("SERIES", [SERIES, "1.2.3"])


def test_objects_that_are_here_already_count_as_completed(fetch: Fetch) -> None:
    archive = RemoteArchive([slice_of(1, StudyInstanceUID=STUDY, SOPInstanceUID=sop_uid(1))])
    with archive.running() as pacs:
        ended = fetch(pacs, wanted=Wanted(study_uid=STUDY))
    assert ended.counts
    assert ended.counts.completed + ended.counts.failed == 1
    assert sop_uid(1) in fetch.kept(STUDY)


def test_an_object_that_this_node_refuses_is_named_with_the_reason(fetch: Fetch) -> None:
    # Its Study Instance UID is missing: it cannot be indexed.
    archive = RemoteArchive([*slices(1), slice_of(7, StudyInstanceUID=None)])
    archive.go_on.set()
    with archive.running() as pacs:
        ended = fetch(pacs)
    assert ended.state is RetrievalState.PARTIAL
    assert "B000H not all objects were sent" in ended.message
    assert "refused by this node" in ended.message
    assert fetch.kept() == [f"{OTHER}.1"]


def test_a_study_that_the_peer_does_not_have_is_said(fetch: Fetch) -> None:
    with RemoteArchive([]).running() as pacs:
        ended = fetch(pacs)
    assert (ended.state, ended.message) == (RetrievalState.FAILED, "the peer has nothing of this")


def test_a_peer_that_knows_no_c_get_is_said_with_what_it_refused(fetch: Fetch) -> None:
    archive = RemoteArchive([], classes=(STUDY_ROOT_FIND, PATIENT_ROOT_FIND))
    with archive.running() as pacs:
        ended = fetch(pacs)
    assert ended.state is RetrievalState.FAILED
    assert "C-GET was not accepted" in ended.message
    assert "SOP class not supported" in ended.message


def test_storage_contexts_that_were_refused_explain_missing_objects(fetch: Fetch) -> None:
    def answer(event: object) -> object:
        del event
        yield 1
        failed = Dataset()
        failed.FailedSOPInstanceUIDList = [f"{OTHER}.1"]
        yield 0xB000, failed

    with scp({STUDY_ROOT_GET: [EXPLICIT]}, [(evt.EVT_C_GET, answer)]) as pacs:
        ended = fetch(pacs)
    assert ended.state is RetrievalState.FAILED
    assert "presentation contexts refused" in ended.message


def test_a_failure_status_is_said_in_words(fetch: Fetch) -> None:
    with RemoteArchive(slices(1), final=0xA702).running() as pacs:
        ended = fetch(pacs)
    assert (ended.state, ended.message) == (
        RetrievalState.FAILED,
        "refused: A702H out of resources: it cannot send the objects",
    )


def test_a_cancel_stops_the_peer(fetch: Fetch) -> None:
    asked = threading.Event()
    archive = RemoteArchive(slices(50))

    def canceled() -> bool:
        # The first object is here, and the peer waits with the second until it was told.
        if fetch.counts and not asked.is_set():
            asked.set()
            threading.Timer(0.3, archive.go_on.set).start()
        return asked.is_set()

    fetch.canceled = canceled
    with archive.running() as pacs:
        ended = fetch(pacs)
    assert ended.state is RetrievalState.CANCELED
    assert archive.canceled == [True]
    assert 0 < len(fetch.kept()) < 50


def test_c_move_names_this_node_as_the_destination(fetch: Fetch) -> None:
    archive = RemoteArchive(slices(1))
    with archive.running() as pacs:
        ended = fetch(pacs, Method.MOVE)
    assert archive.destinations == ["ISOCENTER"]
    assert ended.state is RetrievalState.FAILED
    assert "A801H move destination unknown: our AE title is not configured there" in ended.message


def test_c_move_counts_what_the_peer_sends(fetch: Fetch) -> None:
    received: list[str] = []

    def keep(event: object) -> int:
        received.append(str(getattr(event, "request").AffectedSOPInstanceUID))  # noqa: B009  pynetdicom is untyped
        return 0

    archive = RemoteArchive(slices(2))
    archive.go_on.set()
    with scp({CT: [EXPLICIT, IMPLICIT]}, [(evt.EVT_C_STORE, keep)]) as here:
        archive.move_to = here.port
        with archive.running() as pacs:
            ended = fetch(pacs, Method.MOVE)
    assert ended.state is RetrievalState.COMPLETE
    assert ended.counts == Counts(remaining=0, completed=2, failed=0, warning=0)
    assert len(received) == 2


@pytest.mark.parametrize("count", [1, 3, 40, 200])
def test_contexts_never_exceed_what_an_association_takes(count: int) -> None:
    pairs = storage_pairs([f"1.2.{number}" for number in range(count)], 2)
    assert min(count, 126) <= len(pairs) <= 126
    assert pairs[0] == ("1.2.0", (EXPLICIT, IMPLICIT))
