"""Certificates change while the node runs: the context that holds now, made anew when its files have."""

import ssl
import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

from config.sections import TlsSettings
from routing.tls_contexts import TlsUnusable

_log = structlog.get_logger()
_LOOK_SECONDS: Final = 1.0
_Signature = tuple[tuple[int, int, int] | None, ...]


class CurrentContext:
    """A TLS context made of files that may be replaced; connections made later use the new ones.

    When the new files cannot be used the old context stays, and the log says why, once.

    Parameters
    ----------
    make
        Makes the context; one of `routing.tls_contexts`.
    tls
        Where the files are.
    clock
        Monotonic seconds.
    """

    def __init__(
        self,
        make: Callable[[TlsSettings], ssl.SSLContext],
        tls: TlsSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make = make
        self._tls = tls
        self._clock = clock
        self._guard = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self._signature: _Signature = ()
        self._next_look = 0.0

    def get(self) -> ssl.SSLContext:
        """Return the context that holds now.

        Raises
        ------
        TlsUnusable
            There has never been one.
        """
        with self._guard:
            if self._context is None:
                self._signature = self._sign()
                self._context = self._make(self._tls)
                self._next_look = self._clock() + _LOOK_SECONDS
            elif self._clock() >= self._next_look:
                self._next_look = self._clock() + _LOOK_SECONDS
                self._context = self._renewed(self._context)
            return self._context

    def _renewed(self, context: ssl.SSLContext) -> ssl.SSLContext:
        signature = self._sign()
        if signature == self._signature:
            return context
        self._signature = signature
        try:
            renewed = self._make(self._tls)
        except TlsUnusable as error:
            # Certificate and key are rarely replaced at the same instant: the next change is looked at again.
            _log.error("tls_files_unusable", reason=str(error))
            return context
        _log.info("tls_files_reloaded")
        return renewed

    def _sign(self) -> _Signature:
        """Tell files apart by what changes when they do."""
        signature: list[tuple[int, int, int] | None] = []
        for path in (self._tls.cert, self._tls.key, self._tls.ca):
            try:
                state = path.stat() if path is not None else None
            except OSError:
                state = None
            signature.append((state.st_mtime_ns, state.st_ino, state.st_size) if state else None)
        return tuple(signature)
