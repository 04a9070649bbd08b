"""How soon all that was acknowledged is found by C-FIND and by QIDO-RS."""

import re
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pydicom import Dataset

from tests.acceptance.peers.node import Node
from tests.acceptance.peers.objects import encoded
from tests.benchmarks import load
from tests.benchmarks.client import Client, command_set
from tests.benchmarks.figures import Finding, Goal, Spread
from tests.benchmarks.load import p_data
from tests.benchmarks.receivers import as_receiver, node
from tests.benchmarks.rounds import say, settle, warm_up
from tests.benchmarks.series import Series, mr_image
from tests.waiting import wait_until

_ASSOCIATIONS: Final = 4
_PAGE: Final = 500
_SOP_INSTANCE_UID: Final = "00080018"
STUDY_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
_C_FIND_RQ: Final = 0x0020
# The status stands last in a response; all but the last are pending.
_FINAL: Final = struct.pack("<HHIH", 0, 0x0900, 2, 0)
_GOAL: Final = Goal(value=2.0, at_most=True, unit=" s")


def findings(folder: Path, *, count: int, rounds: int) -> list[Finding]:
    """Send series, and ask from the last response on until every object is found."""
    template = mr_image()
    with node(folder) as started:
        receiver = as_receiver(started)
        warm_up(receiver, template)
        seconds: dict[str, list[float]] = {}
        for number in range(rounds):
            for name, ask in _WAYS.items():
                settle([receiver])
                found = _until_found(started, template.series(count), ask)
                seconds.setdefault(name, []).append(found)
                say(f"visible round {number + 1} of {rounds}, {name}: {found:.2f} s")
    return [_finding(name, count, found) for name, found in seconds.items()]


def _finding(name: str, count: int, seconds: list[float]) -> Finding:
    # The slowest round counts: a goal for everything acknowledged is no goal for half of it.
    worst = max(seconds)
    what = f"last response until {name} has answered with all {count:,} instances, slowest of {len(seconds)} rounds"
    return Finding(what=what, figure=worst, text=f"{Spread.of(seconds).greatest:.2f} s", goal=_GOAL)


def _until_found(started: Node, series: Series, ask: Callable[[Node, Series], set[str]]) -> float:
    sent = load.run(started.dicom_port, series, associations=_ASSOCIATIONS, called=started.ae_title)
    if sent.failures:
        raise SystemExit(f"{sent.failures} C-STOREs failed")
    expected = {series.sop_instance_uid(number) for number in range(series.count)}
    wait_until(lambda: ask(started, series) == expected, seconds=60, what="every instance is found")
    return time.perf_counter() - sent.ended


def _by_c_find(started: Node, series: Series) -> set[str]:
    with Client(started.dicom_port, called=started.ae_title, sop_class_uid=STUDY_ROOT_FIND) as client:
        client.socket.sendall(p_data(3, _find_rq()) + p_data(2, _identifier(series)))
        answers = client.receive_to(_FINAL)
        client.release()
    return {uid.decode() for uid in re.findall(re.escape(series.series_instance_uid.encode()) + rb"\.\d+", answers)}


def _find_rq() -> bytes:
    """Encode the command set of a C-FIND-RQ (PS3.7 Section 9.3.2.1)."""
    numbers = ((0x0100, _C_FIND_RQ), (0x0110, 1), (0x0700, 0), (0x0800, 1))
    return command_set(STUDY_ROOT_FIND, numbers)


def _identifier(series: Series) -> bytes:
    ds = Dataset()
    ds.QueryRetrieveLevel = "IMAGE"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = series.study_instance_uid, series.series_instance_uid
    ds.SOPInstanceUID = ""
    return encoded(ds)


def _by_qido(started: Node, series: Series) -> set[str]:
    path = f"/dicom-web/studies/{series.study_instance_uid}/series/{series.series_instance_uid}/instances"
    found: set[str] = set()
    with started.client() as client:
        for offset in range(0, series.count, _PAGE):
            answer = client.get(path, params={"limit": _PAGE, "offset": offset})
            matches = answer.raise_for_status().json() if answer.content else []
            found |= {match[_SOP_INSTANCE_UID]["Value"][0] for match in matches}
    return found


_WAYS: Final[dict[str, Callable[[Node, Series], set[str]]]] = {"C-FIND": _by_c_find, "QIDO-RS": _by_qido}
