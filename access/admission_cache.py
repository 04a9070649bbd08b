"""The admission rules as the database has them, kept for moments: an association must not wait for a query."""

import threading
import time
from collections.abc import Callable
from typing import Final

from access import remote_aes
from access.admission import AdmissionRules, Admitted, Refused
from access.passwords import PasswordMemo
from access.proofs import NOTHING_SHOWN, Proof
from archive.bus import Bus
from archive.database import Database
from archive.errors import DatabaseUnavailable
from config.settings import Settings

_FRESH_SECONDS: Final = 2.0


class AdmissionCache:
    """Decides on associations by rules that are at most two seconds old, or newer when the bus says so.

    Parameters
    ----------
    database
        Where remote AEs are.
    settings
        This node's title, and what becomes of unknown callers.
    bus
        Tells that the configuration changed.
    clock
        Seconds of any epoch.
    """

    def __init__(
        self, database: Database, settings: Settings, bus: Bus, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._settings = settings
        self._changes = bus.subscribe("config")
        self._clock = clock
        self._passwords = PasswordMemo()
        self._lock = threading.Lock()
        self._rules: AdmissionRules | None = None
        self._read_at = 0.0

    def decide(
        self, *, calling_ae_title: str, called_ae_title: str, address: str, proof: Proof = NOTHING_SHOWN
    ) -> Admitted | Refused:
        """Admit or refuse a caller.

        Raises
        ------
        DatabaseUnavailable
            The rules were never read.
        """
        return self.rules().decide(
            calling_ae_title=calling_ae_title, called_ae_title=called_ae_title, address=address, proof=proof
        )

    def rules(self) -> AdmissionRules:
        """Return the rules that hold now."""
        with self._lock:
            changed = self._changes.drain()
            if self._rules is None or changed or self._clock() - self._read_at > _FRESH_SECONDS:
                self._rules = self._read(self._rules)
                self._read_at = self._clock()
            return self._rules

    def close(self) -> None:
        """End the subscription."""
        self._changes.close()

    def _read(self, known: AdmissionRules | None) -> AdmissionRules:
        try:
            configured = self._database.read(remote_aes.everyone)
        except DatabaseUnavailable:
            # Whoever may call does not change because the database is away for a moment.
            if known is None:
                raise
            return known
        dicom = self._settings.dicom
        return AdmissionRules(
            ae_title=dicom.ae_title,
            require_called_ae=dicom.require_called_ae,
            unknown_callers=dicom.unknown_callers,
            remote_aes=configured,
            verify=self._passwords.verify,
        )
