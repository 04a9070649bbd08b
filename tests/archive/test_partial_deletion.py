"""A series or an instance is deleted with what belongs to it, on both databases."""

import pytest
from sqlalchemy import Connection, func, select

from archive import audit
from archive.arrivals import collect_arrivals
from archive.database import Database
from archive.errors import NotFound
from archive.partial_deletion import delete_part
from archive.tables import instance, obsolete_blob, series, study
from tests.archive.node_rows import arrive

STUDY, FIRST, SECOND = "1.2", "1.2.1", "1.2.2"
TABLES = (study, series, instance, obsolete_blob)


@pytest.fixture
def kept(database: Database) -> Database:
    """Keep two images in one series, and one in another."""
    for series_uid, number in ((FIRST, 1), (FIRST, 2), (SECOND, 1)):
        database.write(arrive, number, uids=(STUDY, series_uid))
    return database


def counts(connection: Connection) -> list[int]:
    return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES]


def delete(database: Database, *uids: str) -> list[int]:
    database.write(delete_part, "default", *uids, principal="admin", now=5.0)
    return database.read(counts)


def test_an_instance_goes_alone_and_the_last_takes_all(kept: Database) -> None:
    assert delete(kept, STUDY, FIRST, "1.2.1.1") == [1, 2, 2, 1]
    assert delete(kept, STUDY, SECOND, "1.2.2.1") == [1, 1, 1, 2]
    assert delete(kept, STUDY, FIRST, "1.2.1.2") == [0, 0, 0, 3]
    actions = [item["action"] for item in kept.read(audit.listing, "default").items]
    assert [action for action in actions if "deleted" in action] == ["study.deleted", *["instances.deleted"] * 2]


def test_a_series_goes_whole(kept: Database) -> None:
    assert delete(kept, STUDY, FIRST) == [1, 1, 1, 2]


@pytest.mark.parametrize("collected", [True, False])
def test_the_count_of_a_series_stays_right(kept: Database, *, collected: bool) -> None:
    if collected:
        kept.write(collect_arrivals, 1.0)
    delete(kept, STUDY, FIRST, "1.2.1.1")
    kept.write(collect_arrivals, 9.0)
    rows = kept.read(lambda connection: connection.execute(select(series.c.instance_count)).scalars().all())
    assert rows == [1, 1]


def test_what_is_not_there_is_said(kept: Database) -> None:
    for uids in ((STUDY, "9"), (STUDY, FIRST, "9"), (STUDY, FIRST, "1.2.2.1"), ("9", FIRST)):
        with pytest.raises(NotFound):
            delete(kept, *uids)
    with pytest.raises(NotFound):
        kept.write(delete_part, "other", STUDY, FIRST, principal="admin", now=5.0)
