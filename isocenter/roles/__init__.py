"""The roles of a node: what each child process does."""

import importlib
from enum import StrEnum

from config.settings import Settings
from isocenter.parentage import follow_supervisor


class Role(StrEnum):
    """What a process can be."""

    DICOM = "dicom"
    WEB = "web"
    WORKER = "worker"


def run_role(role: Role, settings: Settings) -> None:
    """Be a role until told to stop.

    Each role's module is loaded by its own process only: a listener has no use for the web framework.
    """
    follow_supervisor()
    importlib.import_module(f"isocenter.roles.{role.value}").run(settings)
