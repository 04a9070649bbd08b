"""From file and environment to `Settings`, with errors that say what is wrong and where."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.environment import KeyPath, Override, overrides
from config.errors import ConfigurationError, Problem
from config.settings import Settings

DEFAULT_FILE = "isocenter.toml"
# What the validator says in the terms of its own language.
_WORDS = {
    "tuple_type": "input should be a list, in brackets",
    "path_type": "input should be a path in quotes",
    "model_type": "input should be a section with keys of its own",
}
_TABLES = frozenset({("ae",), ("route",), ("analyzer",)})


def locate(path: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Find the configuration file: `--config`, ISOCENTER_CONFIG, ./isocenter.toml, or none."""
    if path is not None:
        return path
    if named := environ.get("ISOCENTER_CONFIG"):
        return Path(named)
    default = Path(DEFAULT_FILE)
    return default if default.exists() else None


def load(path: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Settings:
    """Build the settings.

    Parameters
    ----------
    path
        The file (`--config`); None looks where `locate` says.
    environ
        The environment, whose variables win over the file.

    Raises
    ------
    ConfigurationError
        With one line that names the key and where it was set.
    """
    file = locate(path, environ=environ)
    values = _read(file) if file else {}
    set_by_environment = overrides(environ, Settings)
    for override in set_by_environment:
        _put(values, override)
    try:
        return Settings(**values)
    except ValidationError as error:
        variables = {override.path: override.variable for override in set_by_environment}
        raise ConfigurationError(*_problems(error, file, variables)) from None


def _read(file: Path) -> dict[str, Any]:
    try:
        # Editors on Windows put a byte order mark first, which TOML does not know.
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(Problem(place=str(file), text=f"cannot be read: {error.strerror}")) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(Problem(place=str(file), text="is not UTF-8 text: save it as such")) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(Problem(place=str(file), text=" ".join(str(error).split()))) from error


def _put(values: dict[str, Any], override: Override) -> None:
    *sections, key = override.path
    for section in sections:
        inner = values.setdefault(section, {})
        if not isinstance(inner, dict):
            raise ConfigurationError(Problem(place=section, text="is a section, not a value"))
        values = inner
    values[key] = override.value


def _problems(error: ValidationError, file: Path | None, variables: Mapping[KeyPath, str]) -> list[Problem]:
    return [
        Problem(place=_place(detail["loc"], file, variables), text=_text(detail))
        for detail in error.errors(include_url=False, include_context=False)
    ]


def _place(location: tuple[int | str, ...], file: Path | None, variables: Mapping[KeyPath, str]) -> str:
    for path, variable in variables.items():
        if location[: len(path)] == path:
            return variable
    key = ""
    for part in location:
        key += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if key else part
    where = str(file) if file else "configuration"
    return f"{where}: {key}" if key else where


def _text(detail: ErrorDetails) -> str:
    if detail["type"] != "extra_forbidden":
        if detail["type"] == "tuple_type" and detail["loc"] in _TABLES:
            return f"each entry stands under a line of its own, [[{detail['loc'][0]}]]"
        text = _WORDS.get(detail["type"], detail["msg"].removeprefix("Value error, "))
        return text[0].lower() + text[1:]
    names = _names(detail["loc"][:-1])
    near = difflib.get_close_matches(str(detail["loc"][-1]), names, n=1)
    return f"unknown key, did you mean {near[0]}?" if near else "unknown key"


def _names(location: tuple[int | str, ...]) -> list[str]:
    model: Any = Settings
    for part in location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        model = next((kind for kind in (annotation, *getattr(annotation, "__args__", ())) if _is_model(kind)), None)
        if model is None:
            return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
