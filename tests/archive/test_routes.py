"""Routes and facts as they are kept."""

import pytest

from archive import audit, facts, routes
from archive.database import Database
from archive.errors import Conflict, NotFound
from archive.routes import Route
from tests.archive.node_rows import START, TENANT


def route(name: str, *, to: str = "PACS1", enabled: bool = True) -> Route:
    return Route(name=name, enabled=enabled, rule={"modality": ("CT",), "to": (to,)})


def names(database: Database) -> list[tuple[str, str]]:
    return [(item["name"], item["source"]) for item in database.read(routes.listing, TENANT).items]


def test_a_route_is_shown_with_the_keys_of_the_file(database: Database) -> None:
    database.write(routes.add, route("ct"), now=START, principal="admin")
    assert database.read(routes.listing, TENANT).items == [
        {
            "id": "1",
            "name": "ct",
            "tenant": "default",
            "enabled": True,
            "source": "runtime",
            "modality": ["CT"],
            "to": ["PACS1"],
        }
    ]


def test_a_name_is_taken_once(database: Database) -> None:
    database.write(routes.add, route("ct"), now=START)
    with pytest.raises(Conflict):
        database.write(routes.add, route("ct"), now=START)
    database.write(routes.add, route("mr"), now=START)
    with pytest.raises(Conflict):
        database.write(routes.replace, TENANT, "mr", route("ct"), now=START)


def test_a_route_is_changed_renamed_and_removed_and_each_is_on_record(database: Database) -> None:
    database.write(routes.add, route("ct"), now=START, principal="admin")
    changed = database.write(routes.replace, TENANT, "ct", route("all", to="PACS2"), now=START, principal="admin")
    assert (changed.name, changed.rule["to"]) == ("all", ["PACS2"])
    database.write(routes.remove, TENANT, "all", now=START, principal="admin")
    with pytest.raises(NotFound):
        database.write(routes.remove, TENANT, "all", now=START)
    actions = [item["action"] for item in database.read(audit.listing, TENANT, principal="admin").items]
    assert actions == ["route.deleted", "route.changed", "route.created"]


def test_only_enabled_routes_are_followed(database: Database) -> None:
    database.write(routes.add, route("on"), now=START)
    database.write(routes.add, route("off", enabled=False), now=START)
    assert [each.name for each in database.read(routes.enabled, TENANT)] == ["on"]


def test_the_file_wins_at_each_start(database: Database) -> None:
    database.write(routes.add, route("mine"), now=START)
    database.write(routes.add, route("both"), now=START)
    database.write(routes.load_declared, [{"name": "both", "to": ["A"]}, {"name": "gone", "to": ["A"]}], now=START)
    assert sorted(names(database)) == [("both", "file"), ("gone", "file"), ("mine", "runtime")]
    database.write(routes.replace, TENANT, "both", route("both", to="B"), now=START)
    database.write(routes.load_declared, [{"name": "both", "to": ["A"]}], now=START)
    assert sorted(names(database)) == [("both", "file"), ("mine", "runtime")]
    assert database.read(routes.get, TENANT, "both").rule["to"] == ["A"]


def test_facts_survive(database: Database) -> None:
    assert database.read(facts.get, "instance") is None
    database.write(facts.put, "instance", {"id": 1})
    database.write(facts.put, "instance", {"id": 2})
    assert database.read(facts.get, "instance") == {"id": 2}
