"""Settings from environment variables: `ISOCENTER_<SECTION>__<KEY>`, or `…_FILE` with the value in a file."""

import difflib
import json
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from config.errors import ConfigurationError, Problem

PREFIX = "ISOCENTER_"
# Variables of the programs, not of the configuration.
RESERVED = frozenset(
    f"{PREFIX}{name}"
    for name in ("CONFIG", "LISTENER", "LISTEN_FD", "READY_FD", "REQUIRE_PEERS", "SUPERVISOR", "WEB_FD")
)

KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One key set by the environment.

    Parameters
    ----------
    path
        Section, key, sub-key.
    variable
        The variable it came from, for messages.
    value
        The text turned into what the key's type can hold.
    """

    path: KeyPath
    variable: str
    value: Any


def overrides(environ: Mapping[str, str], model: type[BaseModel]) -> list[Override]:
    """Read all `ISOCENTER_…` variables; one that names no key is an error, not ignored."""
    found: dict[KeyPath, Override] = {}
    problems: list[Problem] = []
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in RESERVED:
            continue
        try:
            override = _override(variable, environ[variable], model)
        except ConfigurationError as error:
            problems.extend(error.problems)
            continue
        if override.path in found:
            problems.append(Problem(place=variable, text=f"{found[override.path].variable} sets the same key"))
        found[override.path] = override
    if problems:
        raise ConfigurationError(*problems)
    return list(found.values())


def _override(variable: str, text: str, model: type[BaseModel]) -> Override:
    path = tuple(variable.removeprefix(PREFIX).lower().split("__"))
    field = _field(model, path)
    if field is None and variable.endswith("_FILE"):
        path = (*path[:-1], path[-1].removesuffix("_file"))
        field = _field(model, path)
        text = _content(variable, text) if field else text
    if field is None:
        near = difflib.get_close_matches(variable, list(_variables(model)), n=1, cutoff=0.9)
        text = f"unknown key, did you mean {near[0]}?" if near else "unknown key"
        raise ConfigurationError(Problem(place=variable, text=text))
    return Override(path=path, variable=variable, value=_value(field, text))


def _variables(model: type[BaseModel], prefix: str = PREFIX) -> Iterator[str]:
    for name, field in model.model_fields.items():
        variable = prefix + name.upper()
        section = next(_sections(field.annotation), None)
        if section is None:
            yield variable
        else:
            yield from _variables(section, f"{variable}__")


def _content(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ConfigurationError(Problem(place=variable, text=f"cannot read {path}: {reason}")) from error


def _field(model: type[BaseModel], path: KeyPath) -> FieldInfo | None:
    field = model.model_fields.get(path[0])
    if field is None or len(path) == 1:
        return field
    section = next(_sections(field.annotation), None)
    return _field(section, path[1:]) if section else None


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    if get_origin(annotation) in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _sections(part)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation


def _value(field: FieldInfo, text: str) -> Any:
    """Keep the text where the key holds text, else read it as JSON (numbers, true, lists, objects)."""
    if _takes_text(field):
        return text
    try:
        return json.loads(text.lower() if text.lower() in ("true", "false") else text)
    except json.JSONDecodeError:
        return text


def _takes_text(field: FieldInfo) -> bool:
    annotation: Any = field.annotation
    try:
        TypeAdapter(annotation).validate_python("x", strict=False)
    except ValidationError as error:
        # A choice of texts (Literal) refuses this text, but is text all the same.
        return any(problem["type"] == "literal_error" for problem in error.errors())
    return True
