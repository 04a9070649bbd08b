"""How much the web processes grow while one very large object is stored by STOW-RS, and while it is retrieved."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.acceptance.peers.large import FRAME_BYTES, LargeObject
from tests.benchmarks.dicomweb_services import Service, services
from tests.benchmarks.figures import Finding, Goal
from tests.benchmarks.processes import forget_peak, resident_bytes
from tests.benchmarks.rounds import say

_MEBIBYTE: Final = 1 << 20
_GOAL: Final = Goal(value=64, at_most=True, unit=" MiB")
_WARM_UPS, _FEW_FRAMES = 8, 4


def large_object(folder: Path, *, size: int) -> list[Finding]:
    """Store and retrieve an object with `size` bytes of pixel data."""
    large = LargeObject(size // FRAME_BYTES)
    with services(folder) as (ours, _):
        # What a process loads for its first object is not that of a large one; each connection may come to another.
        for _ in range(_WARM_UPS):
            small = LargeObject(_FEW_FRAMES)
            with ours.client() as client:
                small.stow(client).raise_for_status()
                small.fetch(client)
        with ours.client() as client:
            stored = _growth(ours, lambda: large.stow(client).raise_for_status())
            say(f"memory: {size // _MEBIBYTE:,} MiB are stored")
            fetched: list[str] = []
            retrieved = _growth(ours, lambda: fetched.append(large.fetch(client)))
        if fetched != [large.sha256]:
            raise SystemExit("the large object came back changed")
    shutil.rmtree(folder)
    return [
        Finding(
            what=f"growth of a web process's resident memory while {size // _MEBIBYTE:,} MiB are {done}",
            figure=growth,
            text=f"{growth:.1f} MiB",
            goal=_GOAL,
        )
        for done, growth in (("stored by STOW-RS", stored), ("retrieved by WADO-RS", retrieved))
    ]


def _growth(service: Service, act: Callable[[], object]) -> float:
    pids = service.pids()
    before = {pid: resident_bytes(pid) for pid in pids}
    for pid in pids:
        forget_peak(pid)
    act()
    return max(resident_bytes(pid, peak=True) - before[pid] for pid in pids) / _MEBIBYTE
