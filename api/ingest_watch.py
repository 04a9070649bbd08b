"""How fast objects came in lately, and where their time went: the counts of all processes, read now and then."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from archive.histograms import Histogram, Snapshot
from archive.stages import Count, Stage, read_all

_LOOK_SECONDS: Final = 5.0
RATE_SECONDS: Final = 60.0
STAGES_SECONDS: Final = 600.0
_KEPT: Final = (Count.STORED, Count.DUPLICATE, Count.REPLACED, Count.QUARANTINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The counts at one moment.

    Parameters
    ----------
    at
        Monotonic seconds.
    counts
        What all processes had counted.
    """

    at: float
    counts: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """What came in lately.

    Parameters
    ----------
    rate
        Objects a second that were acknowledged, over the last minute.
    refused
        Objects that were refused in the last ten minutes.
    stages
        Their times over the last ten minutes, of those stages that any object passed.
    """

    rate: float
    refused: int
    stages: dict[Stage, Histogram]


class IngestWatch:
    """Keeps the samples of the last ten minutes.

    Parameters
    ----------
    folder
        Gives the folder in which the processes count.
    clock
        Monotonic seconds.
    """

    def __init__(self, folder: Callable[[], Path], clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._samples: deque[Sample] = deque(maxlen=int(STAGES_SECONDS / _LOOK_SECONDS) + 1)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look in the background while the block runs."""
        self._samples.append(await self._look())
        looking = asyncio.create_task(self._look_often())
        try:
            yield
        finally:
            looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await looking

    async def counts(self) -> Snapshot:
        """Return what all processes have counted by now, since the node was first started."""
        return (await self._look()).counts

    async def recent(self) -> Recent:
        """Return what came in lately, as far as this process has seen it."""
        now = await self._look()
        minute, longer = self._since(now.at - RATE_SECONDS), self._since(now.at - STAGES_SECONDS)
        kept = now.counts - (minute or now).counts
        passed = now.counts - (longer or now).counts
        seconds = max(now.at - minute.at, _LOOK_SECONDS) if minute else _LOOK_SECONDS
        stages = {stage: passed.stage(stage) for stage in Stage}
        return Recent(
            rate=sum(kept.count(what) for what in _KEPT) / seconds,
            refused=passed.count(Count.REFUSED),
            stages={stage: histogram for stage, histogram in stages.items() if histogram.count},
        )

    def _since(self, at: float) -> Sample | None:
        """Return the last sample that was taken until then, or the first of all."""
        older = [sample for sample in self._samples if sample.at <= at]
        return older[-1] if older else next(iter(self._samples), None)

    async def _look(self) -> Sample:
        counts = await asyncio.to_thread(read_all, self._folder())
        return Sample(at=self._clock(), counts=counts)

    async def _look_often(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            with contextlib.suppress(OSError):
                # The next look comes soon; until then the window is a little longer.
                self._samples.append(await self._look())
