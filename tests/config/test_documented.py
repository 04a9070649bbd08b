"""Every key of the configuration is on the page that explains the configuration."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from config.declared import AEDeclaration, AnalyzerDeclaration, RouteDeclaration
from config.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "configuration.md").read_text()


def _section_of(annotation: object) -> type[BaseModel] | None:
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        section = _section_of(field.annotation)
        if section is None:
            yield prefix + (field.alias or name)
        elif section not in {AEDeclaration, RouteDeclaration, AnalyzerDeclaration}:
            yield from _keys(section, f"{prefix}{name}.")


@pytest.mark.parametrize("key", [key for key in _keys(Settings) if key not in {"ae", "route", "analyzer"}])
def test_a_setting_is_documented(key: str) -> None:
    assert f"| `{key}` |" in PAGE


@pytest.mark.parametrize(
    ("heading", "model"),
    [("`[[ae]]`", AEDeclaration), ("`[[route]]`", RouteDeclaration), ("`[[analyzer]]`", AnalyzerDeclaration)],
)
def test_a_key_of_a_declaration_is_documented(heading: str, model: type[BaseModel]) -> None:
    table = PAGE.split(f"## {heading}")[1].split("\n## ")[0]
    for key in _keys(model):
        assert f"`{key}`" in table, key
