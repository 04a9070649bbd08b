"""B39: kill -9 at random moments while four associations send, on one archive; `make crash` does 50 rounds."""

import os
import random
import time
from collections.abc import Callable

import pytest

from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.crashes import Crashes
from tests.acceptance.peers.figures import keep, show
from tests.acceptance.peers.node import Node

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(3600)]

_ROUNDS = int(os.environ.get("CRASH_ROUNDS", "4"))
_SEED = int(os.environ.get("CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 30)
# In some rounds one process dies some time before the whole node does.
_ROLES = ("", "dicom", "", "worker", "", "")


def test_b39_all_that_was_ever_acknowledged_is_there_once_and_whole(start_node: Callable[..., Node]) -> None:
    show(f"CRASH_SEED={_SEED}")
    node = start_node(aes=[MODALITY], analysis={"quiet_seconds": 3600})
    crashes = Crashes(node, seed=_SEED)
    begun = time.monotonic()
    for number in range(_ROUNDS):
        senders = crashes.crash(_ROLES[number % len(_ROLES)])
        crashes.check(senders)
        unanswered = len(senders.sent) - len(senders.acknowledged) - len(senders.refused)
        show(f"round {number}: {len(senders.acknowledged)} acknowledged, {unanswered} unanswered")
        assert not senders.refused
    rows = crashes.check_all()
    acknowledged, seconds = len(crashes.acknowledged), time.monotonic() - begun
    keep(
        "crash",
        f"{_ROUNDS} kills of the node in {seconds:.0f} s (seed {_SEED}): of {acknowledged} acknowledged instances all "
        f"were there, once and byte-identical; {rows - acknowledged} more were there, whole, that nobody was told of.",
    )
