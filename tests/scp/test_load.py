"""Those who watch the node see its connections."""

from pathlib import Path

from archive.stages import Level, Stages
from scp.slots import Slots


def test_connections_are_counted_where_others_watch(tmp_path: Path) -> None:
    stages = Stages()
    slots = Slots(tmp_path / "slots", total=3, per_peer=2, stages=stages)

    def levels() -> tuple[int, int]:
        snapshot = stages.snapshot()
        return snapshot.level(Level.CONNECTIONS), snapshot.level(Level.HALF_OPEN)

    for _ in range(3):
        slots.load.entered()
    assert levels() == (3, 3)
    slots.load.admitted()
    slots.load.left(half_open=True)
    assert levels() == (2, 1)
    slots.load.left(half_open=False)
    slots.load.left(half_open=True)
    assert levels() == (0, 0)
    slots.close()
