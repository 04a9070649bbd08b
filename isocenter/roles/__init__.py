"""The roles of a node: what each child process does."""

import importlib
import sys
from collections.abc import Callable
from enum import StrEnum

from config.settings import Settings
from isocenter import logs
from isocenter.failures import EXIT_CONFIGURATION, CannotStart
from isocenter.parentage import follow_supervisor


class Role(StrEnum):
    """What a process can be."""

    DICOM = "dicom"
    WEB = "web"
    WORKER = "worker"


def load_role(role: Role) -> Callable[[Settings], None]:
    """Load what a role is made of: a listener alone has no use for the web framework."""
    run: Callable[[Settings], None] = importlib.import_module(f"isocenter.roles.{role.value}").run
    return run


def run_role(role: Role, settings: Settings) -> None:
    """Be a role until told to stop: what a child of the supervisor does."""
    follow_supervisor()
    logs.configure(settings.log, role=role.value, lasting=True)
    try:
        load_role(role)(settings)
    except CannotStart as error:
        sys.stderr.write(f"isocenter: {error}\n")
        sys.exit(EXIT_CONFIGURATION)
