"""Commands that are loaded when they are called: `isocenter ae list` has no use for the web framework."""

import importlib
from types import MappingProxyType
from typing import Any, Final

import typer
from typer.core import TyperGroup

# Command or group to the module that defines it, and the name of its application there.
_MODULES: Final = MappingProxyType(
    {
        "serve": ("serving", "serving"),
        "dicom": ("serving", "serving"),
        "web": ("serving", "serving"),
        "worker": ("serving", "serving"),
        "health": ("serving", "serving"),
        "db": ("databases", "databases"),
        "ae": ("aes", "aes"),
        "user": ("accounts", "users"),
        "apikey": ("accounts", "apikeys"),
        "import": ("importing", "importing"),
        "send": ("sending", "sending"),
        "find": ("remote", "remote"),
        "get": ("remote", "remote"),
        "move": ("remote", "remote"),
        "analyze": ("analyzing", "analyzing"),
        "conformance": ("configuration", "statements"),
        "config": ("configuration", "configurations"),
    }
)


class LazyGroup(TyperGroup):
    """The top level of the command line."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name all commands, in the order of their importance."""
        del ctx
        return list(_MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load a command."""
        del ctx
        if cmd_name not in _MODULES:
            return None
        module, name = _MODULES[cmd_name]
        application: typer.Typer = getattr(importlib.import_module(f"isocenter.cli.{module}"), name)
        loaded = typer.main.get_command(application)
        # An application named like its command is the group itself; the others hold several commands of the top level.
        if isinstance(loaded, TyperGroup) and cmd_name in loaded.commands:
            return loaded.commands[cmd_name]
        loaded.name = cmd_name
        return loaded
