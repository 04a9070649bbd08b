"""Association slots, within a process and between processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from scp.slots import Slots

HOLDER = """
import sys
from pathlib import Path
from scp.slots import Slots
slots = Slots(Path(sys.argv[1]), total=3, per_peer=2)
print(sum(slots.take("A", "10.0.0.1") is not None for _ in range(3)), flush=True)
sys.stdin.read()
"""


def test_a_peer_gets_so_many_and_no_more(tmp_path: Path) -> None:
    slots = Slots(tmp_path / "slots", total=3, per_peer=2)
    first, second = slots.take("A", "10.0.0.1"), slots.take("A", "10.0.0.1")
    assert first
    assert second
    assert slots.take("A", "10.0.0.1") is None
    assert slots.take("B", "10.0.0.2")
    assert slots.take("C", "10.0.0.3") is None
    slots.give_back(first)
    assert slots.take("A", "10.0.0.1")
    slots.close()


def test_the_limit_holds_over_processes_and_dies_with_them(tmp_path: Path) -> None:
    path = tmp_path / "slots"
    slots = Slots(path, total=3, per_peer=2)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "2\n"
        assert slots.take("A", "10.0.0.1") is None
        kept = slots.take("B", "10.0.0.2")
        assert kept
        assert slots.take("B", "10.0.0.2") is None
        holder.kill()
        holder.wait()
    assert slots.take("A", "10.0.0.1")
    assert slots.take("A", "10.0.0.1")
    assert slots.take("A", "10.0.0.1") is None
    slots.close()


@pytest.mark.parametrize("count", [1, 200])
def test_all_slots_are_free_again_after_use(tmp_path: Path, count: int) -> None:
    slots = Slots(tmp_path / "slots", total=count, per_peer=count)
    for _ in range(2):
        taken = [slots.take("A", "10.0.0.1") for _ in range(count)]
        assert all(taken)
        assert slots.take("A", "10.0.0.1") is None
        for slot in taken:
            assert slot
            slots.give_back(slot)
    slots.close()
