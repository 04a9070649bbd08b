"""Who may open an association, and what the others are told (PS3.8 Table 9-21)."""

from pathlib import Path
from typing import Any, Literal

import pytest

from access import remote_aes
from access.admission import AdmissionRules, Admitted, Refused
from access.admission_cache import AdmissionCache
from access.remote_aes import RemoteAE
from archive.bus import LocalBus, bus_directory
from archive.database import Database
from archive.errors import DatabaseUnavailable
from config.sections import DicomSettings
from config.settings import Settings
from tests.waiting import wait_until

ADDRESS = "192.0.2.7"
CALLING = "1/1/3 calling AE title not recognized"
CALLED = "1/1/7 called AE title not recognized"


def modality(name: str = "CT1", **values: Any) -> RemoteAE:
    return RemoteAE(**{"name": name, "ae_title": "CT", "host": ADDRESS, "port": 104, **values})


def decide(
    *aes: RemoteAE,
    calling: str = "CT",
    called: str = "ISOCENTER",
    address: str = ADDRESS,
    unknown: Literal["reject", "store", "accept"] = "reject",
    require_called: bool = True,
) -> Admitted | Refused:
    rules = AdmissionRules(
        ae_title="ISOCENTER", require_called_ae=require_called, unknown_callers=unknown, remote_aes=aes
    )
    return rules.decide(calling_ae_title=calling, called_ae_title=called, address=address)


def reason(decision: Admitted | Refused) -> str:
    assert isinstance(decision, Refused)
    assert decision.text.startswith(f"{decision.result}/{decision.source}/{decision.reason} ")
    return decision.text


def admitted(decision: Admitted | Refused) -> Admitted:
    assert isinstance(decision, Admitted)
    return decision


def test_a_configured_caller_may_what_is_allowed() -> None:
    ae = modality(allowed=("echo", "store"), tenant="north")
    decision = admitted(decide(ae))
    assert decision == Admitted(remote_ae=ae, allowed=frozenset({"echo", "store"}), tenant="north")


def test_an_unknown_caller_is_refused() -> None:
    assert reason(decide(modality(), calling="MR")) == CALLING
    assert reason(decide()) == CALLING


def test_spaces_around_titles_do_not_count_but_case_does() -> None:
    assert admitted(decide(modality(), calling="CT              ", called=" ISOCENTER"))
    assert reason(decide(modality(), calling="ct")) == CALLING
    assert reason(decide(modality(), called="isocenter")) == CALLED


def test_the_called_title_may_be_of_no_importance() -> None:
    assert reason(decide(modality(), called="OTHER")) == CALLED
    assert admitted(decide(modality(), called="OTHER", require_called=False))


@pytest.mark.parametrize("calling", ["", "    ", "\0", "CT\x1b[31m", "C\nT", "C\\T", "CÄT"])
@pytest.mark.parametrize("unknown", ["reject", "store", "accept"])
def test_what_is_no_title_is_refused_by_any_rule(calling: str, unknown: Literal["store", "accept"]) -> None:
    assert reason(decide(calling=calling, unknown=unknown)) == CALLING


def test_unknown_callers_may_be_let_in_to_store_or_for_everything() -> None:
    assert admitted(decide(unknown="store")).allowed == {"echo", "store"}
    everything = admitted(decide(unknown="accept"))
    assert {"find", "move", "get", "commit"} <= everything.allowed
    assert (everything.remote_ae, everything.tenant) == (None, "default")


@pytest.mark.parametrize(
    ("address", "is_let_in"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("198.51.100.1", False),
        ("2001:db8::7", True),
        ("2001:db8:1::7", False),
        ("fe80::1%eth0", False),
        ("nonsense", False),
    ],
)
def test_a_caller_must_come_from_its_networks(address: str, is_let_in: bool) -> None:
    ae = modality(source_networks=("192.0.2.0/24", "2001:db8::/48"))
    decision = decide(ae, address=address, unknown="accept")
    assert isinstance(decision, Admitted) is is_let_in
    if not is_let_in:
        assert reason(decision).startswith(CALLING)


def test_a_title_in_two_networks_is_two_callers() -> None:
    anywhere = modality("anywhere", allowed=("echo",))
    north = modality("north", source_networks=("192.0.2.0/24",), tenant="north")
    south = modality("south", source_networks=("198.51.100.0/24",), tenant="south")
    assert admitted(decide(anywhere, north, south, address="192.0.2.1")).tenant == "north"
    assert admitted(decide(anywhere, north, south, address="198.51.100.1")).tenant == "south"
    assert admitted(decide(anywhere, north, south, address="203.0.113.1")).remote_ae == anywhere
    assert reason(decide(north, south, address="203.0.113.1")).startswith(CALLING)


class Leaving(Database):
    """A database that can be gone."""

    is_away = False

    def read(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        if self.is_away:
            raise DatabaseUnavailable
        return super().read(function, *args, **kwargs)


class Clock:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def bus(tmp_path: Path) -> LocalBus:
    return LocalBus(bus_directory(tmp_path))


def ask(cache: AdmissionCache) -> bool:
    decision = cache.decide(calling_ae_title="CT", called_ae_title="ISOCENTER", address=ADDRESS)
    return isinstance(decision, Admitted)


def test_a_new_caller_is_known_at_once_when_the_bus_says_so(database: Database, bus: LocalBus) -> None:
    cache = AdmissionCache(database, Settings(dicom=DicomSettings()), bus, clock=Clock())
    assert not ask(cache)
    database.write(remote_aes.add, modality(), now=0.0)
    assert not ask(cache)
    bus.publish("config")
    assert wait_until(lambda: ask(cache), what="admission")
    cache.close()
    bus.close()


def test_a_new_caller_is_known_after_two_seconds_without_the_bus(database: Database, bus: LocalBus) -> None:
    clock = Clock()
    cache = AdmissionCache(database, Settings(), bus, clock=clock)
    assert not ask(cache)
    database.write(remote_aes.add, modality(), now=0.0)
    clock.now = 2.1
    assert ask(cache)
    cache.close()
    bus.close()


def test_those_who_may_call_still_may_when_the_database_is_away(sqlite_url: str, bus: LocalBus) -> None:
    clock = Clock()
    with Leaving(sqlite_url) as database:
        database.write(remote_aes.add, modality(), now=0.0)
        cache = AdmissionCache(database, Settings(), bus, clock=clock)
        assert ask(cache)
        clock.now, database.is_away = 3.0, True
        assert ask(cache)
        cache.close()
    bus.close()
