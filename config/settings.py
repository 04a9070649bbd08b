"""The whole configuration: one frozen tree, built once and handed down."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.declared import AEDeclaration, AnalyzerDeclaration, RouteDeclaration
from config.sections import (
    AnalysisSettings,
    DatabaseSettings,
    DicomSettings,
    EventSettings,
    LogSettings,
    QueueSettings,
    SecuritySettings,
    StorageSettings,
    WebSettings,
)
from config.values import AsTuple, DataDir
from config.worklists import WorklistSettings

_URL_SECTIONS: dict[str, type[DatabaseSettings | StorageSettings]] = {
    "database": DatabaseSettings,
    "storage": StorageSettings,
}


class Settings(BaseSettings):
    """All settings of a node. Built by `config.loading.load`; tests build it directly, and get only what they say."""

    model_config = SettingsConfigDict(frozen=True, strict=True, extra="forbid")

    data_dir: DataDir = Path("data")
    dicom: DicomSettings = DicomSettings()
    web: WebSettings = WebSettings()
    database: DatabaseSettings = DatabaseSettings()
    storage: StorageSettings = StorageSettings()
    events: EventSettings = EventSettings()
    queue: QueueSettings = QueueSettings()
    analysis: AnalysisSettings = AnalysisSettings()
    security: SecuritySettings = SecuritySettings()
    log: LogSettings = LogSettings()
    worklist: WorklistSettings = WorklistSettings()
    ae: Annotated[tuple[AEDeclaration, ...], AsTuple] = ()
    route: Annotated[tuple[RouteDeclaration, ...], AsTuple] = ()
    analyzer: Annotated[tuple[AnalyzerDeclaration, ...], AsTuple] = ()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take nothing from the environment here: `config.loading` does, and names the variable in its errors."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @model_validator(mode="before")
    @classmethod
    def _put_data_dir_into_urls(cls, values: Any) -> Any:
        given_folder = values.get("data_dir", "data")
        if not isinstance(given_folder, str | Path) or not _is_named(given_folder):
            return values  # the field's own check says what is wrong with it
        folder = Path(given_folder).absolute()
        filled = {**values, "data_dir": folder}
        for section, model in _URL_SECTIONS.items():
            given = filled.get(section, {})
            if isinstance(given, dict):
                url = given.get("url", model.model_fields["url"].default)
                filled[section] = {**given, "url": _substitute(url, folder)}
        return filled

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Settings":
        for kind in ("ae", "route", "analyzer"):
            names = [entry.name for entry in getattr(self, kind)]
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"two [[{kind}]] entries are called {name!r}")
        return self


def _is_named(folder: str | Path) -> bool:
    return bool(str(folder)) and not str(folder).startswith("~")


def _substitute(url: Any, folder: Path) -> Any:
    return url.replace("{data_dir}", str(folder)) if isinstance(url, str) else url
