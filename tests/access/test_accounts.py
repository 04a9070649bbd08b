"""Accounts, sessions and API keys: who gets in, and who does not any more."""

import threading

import pytest
from sqlalchemy import Connection, select

from access import apikeys, sessions, users
from access.passwords import WeakPassword, hash_password, verify_password
from access.permissions import Role
from access.sessions import SESSION_SECONDS
from archive import audit
from archive.database import Database
from archive.errors import Conflict, NotFound
from archive.tables import apikey, session, user

NOW = 1_000_000.0
TENANT = "default"
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def password_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def people(database: Database, password_hash: str) -> Database:
    """A database with an administrator and a clinician."""
    for name, role in (("admin", Role.ADMIN), ("doc", Role.CLINICIAN)):
        database.write(users.add, username=name, password_hash=password_hash, role=role, name=name.title(), now=NOW)
    return database


def secrets_of(connection: Connection) -> str:
    columns = (user.c.password_hash, session.c.token_hash, apikey.c.key_hash)
    return "".join(str(row) for column in columns for row in connection.execute(select(column)))


def log_in(database: Database, username: str = "doc") -> sessions.NewSession:
    account = database.read(users.find, username)
    assert account is not None
    return database.write(sessions.create, account.id, now=NOW)


def test_an_account_is_found_by_its_name(people: Database) -> None:
    account = people.read(users.find, "doc")
    assert account is not None
    assert verify_password(account.password_hash, PASSWORD)
    assert (account.principal.name, account.principal.role, account.principal.tenant) == ("Doc", "clinician", TENANT)
    assert people.read(users.find, "nobody") is None
    assert people.read(users.find, "d\0c") is None


def test_a_name_is_taken_once(people: Database, password_hash: str) -> None:
    with pytest.raises(Conflict):
        people.write(users.add, username="doc", password_hash=password_hash, role=Role.ADMIN, now=NOW)


@pytest.mark.parametrize("username", ["", "a:b", "a\nb", "x" * 65])
def test_an_impossible_name_is_refused(database: Database, password_hash: str, username: str) -> None:
    with pytest.raises(ValueError, match="user name"):
        database.write(users.add, username=username, password_hash=password_hash, role=Role.ADMIN, now=NOW)


def test_accounts_are_listed_without_passwords(people: Database) -> None:
    items = people.read(users.listing, TENANT).items
    assert [(item["username"], item["role"], item["enabled"]) for item in items] == [
        ("doc", "clinician", True),
        ("admin", "admin", True),
    ]
    assert not any("password" in key for item in items for key in item)
    assert len(people.read(users.listing, TENANT, role="admin").items) == 1


def test_a_new_password_ends_the_sessions(people: Database) -> None:
    token = log_in(people).token
    changed = hash_password("another horse")
    people.write(users.change, TENANT, "doc", password_hash=changed, now=NOW, principal="admin")
    assert people.read(sessions.find, token, now=NOW) is None
    account = people.read(users.find, "doc")
    assert account is not None
    assert verify_password(account.password_hash, "another horse")
    (record,) = people.read(audit.listing, TENANT, action="user.changed").items
    assert record["detail"] == {"username": "doc", "changed": ["password_hash"]}


def test_a_new_name_keeps_the_sessions(people: Database) -> None:
    token = log_in(people).token
    assert people.write(users.change, TENANT, "doc", name="Dr. Who", now=NOW)["name"] == "Dr. Who"
    found = people.read(sessions.find, token, now=NOW)
    assert found is not None
    assert found.principal.name == "Dr. Who"


def test_a_disabled_account_lets_nobody_in(people: Database) -> None:
    token = log_in(people).token
    people.write(users.change, TENANT, "doc", enabled=False, now=NOW)
    assert people.read(users.find, "doc") is None
    assert people.read(sessions.find, token, now=NOW) is None


def test_an_administrator_is_always_left(people: Database) -> None:
    with pytest.raises(Conflict):
        people.write(users.change, TENANT, "admin", role=Role.AUDITOR, now=NOW)
    with pytest.raises(Conflict):
        people.write(users.change, TENANT, "admin", enabled=False, now=NOW)
    with pytest.raises(Conflict):
        people.write(users.remove, TENANT, "admin", now=NOW)
    assert people.read(users.get, TENANT, "admin")["role"] == "admin"


def test_a_removed_account_is_gone_with_its_sessions(people: Database) -> None:
    token = log_in(people).token
    people.write(users.remove, TENANT, "doc", now=NOW)
    assert people.read(sessions.find, token, now=NOW) is None
    with pytest.raises(NotFound):
        people.write(users.remove, TENANT, "doc", now=NOW)


def test_the_account_of_another_tenant_does_not_exist(people: Database) -> None:
    with pytest.raises(NotFound):
        people.read(users.get, "elsewhere", "doc")


def test_the_first_start_makes_an_administrator_with_a_password_shown_once(database: Database) -> None:
    shown = database.write(users.ensure_admin, None, now=NOW)
    account = database.read(users.find, "admin")
    assert shown is not None
    assert account is not None
    assert verify_password(account.password_hash, shown)
    assert account.principal.role is Role.ADMIN
    assert database.write(users.ensure_admin, None, now=NOW) is None


def test_the_first_password_may_be_configured(database: Database) -> None:
    assert database.write(users.ensure_admin, "short", now=NOW) is None
    account = database.read(users.find, "admin")
    assert account is not None
    assert verify_password(account.password_hash, "short")
    database.write(users.ensure_admin, "another", now=NOW)
    assert database.read(users.find, "admin") == account


def test_two_processes_make_one_administrator(database: Database) -> None:
    shown: list[str | None] = []
    starts = [
        threading.Thread(target=lambda: shown.append(database.write(users.ensure_admin, None, now=NOW)))
        for _ in range(2)
    ]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert len(database.read(users.listing, TENANT).items) == 1
    assert shown.count(None) == 1


def test_a_short_password_is_refused() -> None:
    with pytest.raises(WeakPassword):
        hash_password("1234567")


def test_a_session_lasts_twelve_hours_and_each_login_has_its_own(people: Database) -> None:
    first, second = log_in(people), log_in(people)
    assert first.token != second.token
    found = people.read(sessions.find, first.token, now=NOW + SESSION_SECONDS - 1)
    assert found is not None
    assert (found.principal.username, found.csrf) == ("doc", first.csrf)
    assert people.read(sessions.find, first.token, now=NOW + SESSION_SECONDS) is None
    assert people.write(sessions.purge_expired, now=NOW + SESSION_SECONDS) == 2


def test_a_session_ends_with_the_logout(people: Database) -> None:
    first, second = log_in(people), log_in(people)
    people.write(sessions.end, first.token)
    assert people.read(sessions.find, first.token, now=NOW) is None
    assert people.read(sessions.find, second.token, now=NOW) is not None


def test_a_key_stands_for_a_principal_until_it_expires(database: Database) -> None:
    item, key = database.write(apikeys.create, name="pacs", role=Role.SERVICE, expires=NOW + 60, now=NOW)
    found = database.read(apikeys.find, key, now=NOW + 59)
    assert found is not None
    assert (found.principal.username, found.principal.role) == ("key:pacs", Role.SERVICE)
    assert key.startswith("iso_")
    assert database.read(apikeys.find, key, now=NOW + 60) is None
    assert database.read(apikeys.find, "iso_guess", now=NOW) is None
    assert key not in str(item)


def test_the_use_of_a_key_is_noted_now_and_then(database: Database) -> None:
    _item, key = database.write(apikeys.create, name="pacs", role=Role.SERVICE, now=NOW)
    found = database.read(apikeys.find, key, now=NOW)
    assert found is not None
    assert found.to_touch
    database.write(apikeys.touch, found.id, now=NOW)
    again = database.read(apikeys.find, key, now=NOW + 59)
    assert again is not None
    assert not again.to_touch
    (item,) = database.read(apikeys.listing, TENANT).items
    assert item["last_used"] == "1970-01-12T13:46:40.000Z"


def test_a_revoked_key_is_worthless(database: Database) -> None:
    item, key = database.write(apikeys.create, name="pacs", role=Role.SERVICE, now=NOW)
    with pytest.raises(NotFound):
        database.write(apikeys.revoke, "elsewhere", int(item["id"]), now=NOW)
    database.write(apikeys.revoke, TENANT, int(item["id"]), now=NOW)
    assert database.read(apikeys.find, key, now=NOW) is None
    assert database.read(apikeys.listing, TENANT).items[0]["enabled"] is False


def test_the_database_holds_no_secret_that_logs_in(people: Database) -> None:
    new = log_in(people)
    _item, key = people.write(apikeys.create, name="pacs", role=Role.SERVICE, now=NOW)
    kept = people.read(secrets_of)
    assert kept
    assert not any(secret in kept for secret in (PASSWORD, new.token, key))
