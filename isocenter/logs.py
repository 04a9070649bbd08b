"""Structured logs on standard error: JSON for machines, lines for people on a terminal. Never patient data."""

import logging
import os
import sys
import warnings
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

from config.sections import LogSettings


def configure(settings: LogSettings, *, role: str, lasting: bool = False) -> None:
    """Set up structlog, and send the standard library's logs through it.

    Parameters
    ----------
    settings
        Level and format.
    role
        What this process is, on every line.
    lasting
        Whether this is for good: loggers then remember it, which is faster. A supervisor's children set up their own.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _who(role),
    ]
    renderer = _renderer(settings.format)
    level = getattr(logging, settings.level.upper())
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # A line and its end in one write: the roles share standard error, which may be unbuffered.
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Outlet(sys.stderr))),
        cache_logger_on_first_use=lasting,
    )
    _forward_standard_logs(shared, renderer, level)


class _Outlet:
    """A stream that never fails: a line that cannot be written is lost, and nothing else with it.

    The disk of the log may be full, or who reads it gone: that is no reason to refuse images.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def _who(role: str) -> structlog.typing.Processor:
    process = os.getpid()

    def add(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {**event, "role": role, "pid": process}

    return add


def _renderer(form: str) -> structlog.typing.Processor:
    if form == "console" or (form == "auto" and sys.stderr.isatty()):
        return structlog.dev.ConsoleRenderer()
    return structlog.processors.JSONRenderer()


def _forward_standard_logs(
    shared: list[structlog.typing.Processor], renderer: structlog.typing.Processor, level: int
) -> None:
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)
    # pydicom warns about values, which are patient data; pynetdicom logs whole messages.
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
