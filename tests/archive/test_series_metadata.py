"""Metadata that are kept ready: they hold for one state of a series, and for no other."""

from dataclasses import replace

from sqlalchemy import Connection, func, select, update

from archive import series_metadata, study_deletion
from archive.database import Database
from archive.series_metadata import SeriesState, content_of, expect, put, states, wanted
from archive.series_summary import summarize
from archive.tables import instance, series
from archive.tables import series_metadata as table
from tests.benchmarks import query_index

STUDY, SERIES = query_index.study_uid(0), query_index.series_uid(0)


def state_of(database: Database) -> SeriesState:
    [found] = database.read(states, "default", STUDY, SERIES)
    return found


def fill(database: Database, instances: int = 3) -> SeriesState:
    database.write(query_index.fill, 1, instances)
    return state_of(database)


def changed(database: Database, **values: object) -> SeriesState:
    def change(connection: Connection) -> None:
        first = select(func.min(instance.c.id)).scalar_subquery()
        connection.execute(update(instance).where(instance.c.id == first).values(**values))

    database.write(change)
    return state_of(database)


def rows(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def test_what_was_made_of_a_state_is_kept_for_it(database: Database) -> None:
    state = fill(database)
    assert state.instances == 3
    assert database.read(content_of, state) is None
    database.write(put, state, b"made")
    assert database.read(content_of, state_of(database)) == b"made"


def test_an_instance_that_is_hidden_or_replaced_makes_another_state(database: Database) -> None:
    before = fill(database)
    replaced = changed(database, received=before_now(database))
    hidden = changed(database, hidden=True)
    assert len({before.state, replaced.state, hidden.state}) == 3
    assert hidden.instances == 2
    database.write(put, before, b"made")
    assert database.read(content_of, hidden) is None


def before_now(database: Database) -> float:
    def latest(connection: Connection) -> float:
        return connection.scalar(select(func.max(instance.c.received))) or 0.0

    return database.read(latest) + 1.0


def test_late_images_make_another_state(database: Database) -> None:
    before = fill(database)

    def add(connection: Connection) -> None:
        row = connection.execute(select(instance).limit(1)).mappings().one()
        late = {**row, "id": row["id"] + 1000, "sop_instance_uid": "2.25.9"}
        connection.execute(instance.insert().values(late))

    database.write(add)
    assert state_of(database).state != before.state


def test_a_series_of_which_nothing_is_shown_is_none(database: Database) -> None:
    fill(database, 1)

    def hide(connection: Connection) -> None:
        connection.execute(update(instance).values(hidden=True))

    database.write(hide)
    assert database.read(states, "default", STUDY) == []


def test_another_tenant_has_no_such_series(database: Database) -> None:
    fill(database)
    assert database.read(states, "other", STUDY) == []


def expected(database: Database) -> None:
    def note(connection: Connection) -> None:
        series_id = connection.execute(select(series.c.id)).scalar_one()
        expect(connection, summarize(connection, series_id), now=1.0)

    database.write(note)


def test_what_is_expected_is_wanted_until_it_is_made(database: Database) -> None:
    state = fill(database)
    expected(database)
    expected(database)
    assert database.read(wanted) == [state]
    database.write(put, state, None)
    assert database.read(wanted) == []


def test_a_series_that_shows_nothing_any_more_is_wanted_too_so_that_the_wish_ends(database: Database) -> None:
    fill(database, 1)
    expected(database)

    def hide(connection: Connection) -> None:
        connection.execute(update(instance).values(hidden=True))

    database.write(hide)
    [found] = database.read(wanted)
    assert (found.instances, found.state) == (0, "")
    assert database.read(series_metadata.with_instances, found) == (replace(found), [])
    database.write(put, found, None)
    assert database.read(wanted) == []


def test_they_go_with_their_study(database: Database) -> None:
    state = fill(database)
    database.write(put, state, b"made")
    database.write(study_deletion.delete_study, "default", STUDY, principal="admin", now=1.0)
    assert database.read(rows) == 0
    # Whoever was making them meanwhile is not disturbed, and leaves nothing behind.
    database.write(put, state, b"made")
    assert database.read(rows) == 0
