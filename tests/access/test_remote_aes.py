"""Remote AEs as they are kept, and what the file says about them at each start."""

from typing import Any

import pytest

from access import remote_aes
from access.remote_aes import RemoteAE
from archive import audit
from archive.database import Database
from archive.errors import Conflict, NotFound
from config.declared import AEDeclaration

NOW = 1_000_000.0


def pacs(name: str = "PACS1", **values: Any) -> RemoteAE:
    return RemoteAE(**{"name": name, "ae_title": "PACS", "host": "192.0.2.9", "port": 104, **values})


def declare(**values: Any) -> AEDeclaration:
    return AEDeclaration(**{"ae_title": "PACS1", "host": "192.0.2.9", "port": 104, **values})


def test_what_is_kept_comes_back(database: Database) -> None:
    ae = pacs(
        tls=True,
        tenant="north",
        allowed=("echo", "store"),
        source_networks=("192.0.2.0/24",),
        charset="ISO_IR 100",
        transfer_syntaxes=("1.2.840.10008.1.2",),
        sr_class="enhanced",
        results=True,
    )
    database.write(remote_aes.add, ae, now=NOW)
    assert database.read(remote_aes.get, "PACS1") == ae
    assert database.read(remote_aes.everyone) == (ae,)


def test_an_entry_is_shown_with_the_keys_of_the_file_and_its_defaults(database: Database) -> None:
    database.write(remote_aes.add, RemoteAE.declared(declare()), now=NOW)
    (item,) = database.read(remote_aes.listing, "default").items
    assert item == {
        "id": "1",
        "name": "PACS1",
        "ae_title": "PACS1",
        "host": "192.0.2.9",
        "port": 104,
        "tls": False,
        "tenant": "default",
        "allowed": ["echo", "store", "find", "move", "get", "commit", "mpps", "worklist", "ups"],
        "user": None,
        "certificate": None,
        "availability": False,
        "get_without_roles": False,
        "commitment_report": "new",
        "source_networks": [],
        "charset": None,
        "transfer_syntaxes": [],
        "sr_class": "comprehensive3d",
        "results": None,
        "source": "runtime",
    }


def test_a_name_is_taken_once_but_a_title_may_be_shared(database: Database) -> None:
    database.write(remote_aes.add, pacs("one"), now=NOW)
    database.write(remote_aes.add, pacs("two"), now=NOW)
    with pytest.raises(Conflict):
        database.write(remote_aes.add, pacs("one", ae_title="OTHER"), now=NOW)
    with pytest.raises(Conflict):
        database.write(remote_aes.replace, "one", pacs("two"), now=NOW)
    assert [ae.name for ae in database.read(remote_aes.by_ae_title, "PACS ")] == ["one", "two"]


def test_an_entry_is_changed_renamed_and_removed_and_each_is_on_record(database: Database) -> None:
    database.write(remote_aes.add, pacs(), now=NOW, principal="admin")
    changed = database.write(remote_aes.replace, "PACS1", pacs("PACS2", port=11112), now=NOW, principal="admin")
    assert (changed.name, changed.port) == ("PACS2", 11112)
    database.write(remote_aes.remove, "PACS2", now=NOW, principal="admin")
    with pytest.raises(NotFound):
        database.read(remote_aes.get, "PACS2")
    with pytest.raises(NotFound):
        database.write(remote_aes.replace, "PACS2", pacs(), now=NOW)
    actions = [item["action"] for item in database.read(audit.listing, "default", principal="admin").items]
    assert actions == ["ae.deleted", "ae.changed", "ae.created"]


def test_the_file_wins_at_each_start(database: Database) -> None:
    database.write(remote_aes.add, pacs("mine"), now=NOW)
    database.write(remote_aes.add, pacs("PACS1", port=1), now=NOW)
    database.write(remote_aes.load_declared, [declare(), declare(name="gone")], now=NOW)
    kept = {ae.name: (ae.port, ae.source) for ae in database.read(remote_aes.everyone)}
    assert kept == {"mine": (104, "runtime"), "PACS1": (104, "file"), "gone": (104, "file")}
    changed = database.write(remote_aes.replace, "PACS1", pacs("PACS1", port=2), now=NOW)
    assert (changed.port, changed.source) == (2, "file")
    database.write(remote_aes.load_declared, [declare()], now=NOW)
    kept = {ae.name: (ae.port, ae.source) for ae in database.read(remote_aes.everyone)}
    assert kept == {"mine": (104, "runtime"), "PACS1": (104, "file")}


def test_a_tenant_lists_its_own(database: Database) -> None:
    database.write(remote_aes.add, pacs("north", tenant="north"), now=NOW)
    assert database.read(remote_aes.listing, "default").items == []
    assert len(database.read(remote_aes.listing, "north", ae_title="PACS", port="104").items) == 1
