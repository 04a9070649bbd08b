"""Faults on demand, by prefix of the Patient ID, so that every error path can be tried out."""

import os
import signal
import threading
from enum import StrEnum

from analysis.errors import AnalysisError


class Fault(StrEnum):
    """What a mock does wrong."""

    FAIL = "FAIL^"
    SLOW = "SLOW^"
    HANG = "HANG^"
    CRASH = "CRASH^"


class SimulatedFailure(AnalysisError):
    """The mock was asked to fail."""


SLOW_SECONDS = 15.0
"""Least time that a slow mock takes."""


def fault_of(patient_id: str) -> Fault | None:
    """Say which fault a Patient ID asks for."""
    return next((fault for fault in Fault if patient_id.upper().startswith(fault.value)), None)


def commit(fault: Fault | None) -> None:
    """Fail, hang or crash; do nothing for None and SLOW."""
    if fault is Fault.FAIL:
        raise SimulatedFailure("simulated failure of the model")
    if fault is Fault.HANG:
        threading.Event().wait()
    if fault is Fault.CRASH:
        os.kill(os.getpid(), signal.SIGKILL)
