"""Association slots, within a process and between processes."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import pytest

from scp.slots import Slots

HOLDER = """
import sys
from pathlib import Path
from scp.slots import Slots
slots = Slots(Path(sys.argv[1]), total=3, per_peer=2, half_open=3)
print(sum(slots.take("A", "10.0.0.1") is not None for _ in range(3)), flush=True)
slots.load.start()
for _ in range(3):
    slots.load.entered()
print("entered", flush=True)
sys.stdin.read()
"""
Open = Callable[..., Slots]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Open]:
    """Open the same slots as often as a test likes: each time it is another owner."""
    opened: list[Slots] = []

    def slots(*, total: int = 3, per_peer: int = 2, half_open: int = 10) -> Slots:
        opened.append(Slots(tmp_path / "slots", total=total, per_peer=per_peer, half_open=half_open))
        return opened[-1]

    yield slots
    for each in opened:
        each.close()


@contextmanager
def another_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Hold two slots and three half-open connections in another process; kill it at the end."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "2\n"
        assert holder.stdout.readline() == "entered\n"
        yield holder
        holder.kill()


def test_an_ae_title_gets_so_many_and_no_more(make: Open) -> None:
    slots = make()
    first, second = slots.take("A", "10.0.0.1"), slots.take("A", "10.0.0.2")
    assert first
    assert second
    assert slots.take("A", "10.0.0.3") is None
    slots.give_back(first)
    assert slots.take("A", "10.0.0.3")


def test_an_address_gets_so_many_and_no_more(make: Open) -> None:
    slots = make()
    assert slots.take("A", "10.0.0.1")
    assert slots.take("B", "10.0.0.1")
    assert slots.take("C", "10.0.0.1") is None
    assert slots.take("C", "10.0.0.2")


def test_all_together_get_so_many_and_no_more(make: Open) -> None:
    slots = make()
    assert all(slots.take(f"AE{number}", f"10.0.0.{number}") for number in range(3))
    assert slots.take("D", "10.0.0.4") is None


def test_the_limit_holds_over_processes_and_dies_with_them(tmp_path: Path, make: Open) -> None:
    slots = make()
    with another_process(tmp_path / "slots"):
        assert slots.take("A", "10.0.0.9") is None
        assert slots.take("X", "10.0.0.1") is None
        kept = slots.take("B", "10.0.0.2")
        assert kept
        assert slots.take("B", "10.0.0.2") is None
    assert slots.take("A", "10.0.0.1")
    assert slots.take("A", "10.0.0.1")
    assert slots.take("C", "10.0.0.3") is None


def test_half_open_connections_count_over_processes_and_die_with_them(tmp_path: Path, make: Open) -> None:
    slots = make(half_open=3)
    slots.load.start()
    assert not slots.load.is_full()
    with another_process(tmp_path / "slots"):
        assert slots.load.is_full()
        assert slots.load.excess() == 0
        slots.load.entered()
        assert slots.take("B", "10.0.0.2"), "a place for an association is left all the same"
    assert not slots.load.is_full()


def test_an_association_is_no_half_open_connection(make: Open) -> None:
    load = make(half_open=1).load
    load.start()
    load.entered()
    assert load.is_full()
    load.admitted()
    assert not load.is_full()
    load.entered()
    load.left(half_open=True)
    assert not load.is_full()
    load.left(half_open=False)
    load.entered()
    assert load.is_full()


def test_it_is_known_how_many_connections_more_than_another_one_holds(make: Open) -> None:
    first, second = make().load, make().load
    first.start()
    first.entered()
    assert first.excess() == 0, "nobody else accepts"
    second.start()
    assert first.excess() == 1
    second.entered()
    assert (first.excess(), second.excess()) == (0, 0)
    first.entered()
    first.entered()
    assert (first.excess(), second.excess()) == (2, 0)
    second.stop()
    assert first.excess() == 0


@pytest.mark.parametrize("count", [1, 200])
def test_all_slots_are_free_again_after_use(make: Open, count: int) -> None:
    slots = make(total=count, per_peer=count)
    for _ in range(2):
        taken = [slots.take("A", "10.0.0.1") for _ in range(count)]
        assert all(taken)
        assert slots.take("A", "10.0.0.1") is None
        for slot in taken:
            assert slot
            slots.give_back(slot)


def test_threads_of_two_owners_never_get_more_than_there_are(make: Open) -> None:
    owners = [make(total=20, per_peer=20) for _ in range(2)]
    got: list[object] = []

    def grab(slots: Slots) -> None:
        got.extend(slot for slot in (slots.take("A", "10.0.0.1") for _ in range(15)) if slot)

    threads = [threading.Thread(target=grab, args=(slots,)) for slots in owners * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 20


def test_a_slot_costs_little_when_hundreds_are_taken(make: Open) -> None:
    slots = make(total=500, per_peer=500)
    for number in range(400):
        assert slots.take(f"AE{number % 40}", "10.0.0.1")
    begun = perf_counter()
    for _ in range(200):
        slot = slots.take("A", "10.0.0.1")
        assert slot
        slots.give_back(slot)
    assert (perf_counter() - begun) / 200 < 0.001
