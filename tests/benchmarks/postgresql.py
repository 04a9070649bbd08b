"""The rate with PostgreSQL as the index; there is no peer to compare with."""

import tempfile
from pathlib import Path
from typing import Final

from tests import postgres
from tests.benchmarks.figures import Finding, Spread
from tests.benchmarks.rates import ROWS
from tests.benchmarks.receivers import as_receiver, node
from tests.benchmarks.rounds import measure

_ROWS: Final = ("CT-4", "MR-4")


def findings(folder: Path, *, rounds: int, share: float) -> list[Finding]:
    """Send to a node whose index is a PostgreSQL that flushes its log, on the same file system."""
    found = []
    folder.mkdir()
    with postgres.running(Path(tempfile.mkdtemp(dir=folder)), durable=True) as server:
        for name in _ROWS:
            url = server.create(name.lower().replace("-", "_"))
            with node(folder / name, database={"url": url}) as started:
                load = ROWS[name].load(rounds=rounds, share=share)
                measured = measure(load, [as_receiver(started)])
            (rates,) = (Spread.of(one.rate for one in rounds) for rounds in measured.values())
            what = f"PostgreSQL as index: {load.count:,} × {load.title}, {load.associations} associations"
            found.append(Finding(what=what, figure=rates.median, text=rates.text("/s")))
    return found
