"""The sections of the configuration, each key with its default and meaning."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, Strict, model_validator

from config.urls import DatabaseUrl, EventsUrl, QueueUrl, StorageUrl
from config.values import (
    AETitle,
    AsTuple,
    Bytes,
    CorsOrigin,
    FilePath,
    Host,
    Limit,
    Number,
    Port,
    Processes,
    Seconds,
    Section,
    TimeLimit,
)

GIBIBYTE = 1 << 30
Secret = Annotated[SecretStr, Strict(strict=False)]


class TlsSettings(Section):
    """TLS 1.2 or later (PS3.15 B.12): a second listener, and calls to remote AEs that have `tls = true`."""

    port: Port | None = None
    cert: FilePath | None = None
    key: FilePath | None = None
    ca: FilePath | None = None
    client_auth: bool = False
    check_host: bool = True

    @model_validator(mode="after")
    def _is_whole(self) -> "TlsSettings":
        if self.port is not None and self.cert is None:
            raise ValueError("port needs cert, the certificate to show")
        if self.key is not None and self.cert is None:
            raise ValueError("key needs cert, the certificate it belongs to")
        if self.client_auth and self.ca is None:
            raise ValueError("client_auth needs ca, the authorities whose certificates are accepted")
        return self


class DicomSettings(Section):
    """The DICOM listener and its limits."""

    ae_title: AETitle = "ISOCENTER"
    host: Host = "127.0.0.1"
    port: Port = 11112
    processes: Processes = Field(default_factory=lambda: os.cpu_count() or 1)
    unknown_callers: Literal["reject", "store", "accept"] = "reject"
    require_called_ae: bool = True
    tls: TlsSettings = TlsSettings()
    max_associations: Number = 200
    max_associations_per_peer: Number = 50
    max_connections: Number = 1024
    max_pdu: Annotated[int, Field(ge=4096, le=16 << 20)] = 256 << 10
    max_object_bytes: Limit = 16 * GIBIBYTE
    artim_seconds: TimeLimit = 10.0
    idle_seconds: TimeLimit = 120.0


class WebSettings(Section):
    """The HTTP server."""

    host: Host = "127.0.0.1"
    port: Port = 8080
    processes: Processes = 1
    max_upload_bytes: Limit = 4 * GIBIBYTE
    rendered_cache_bytes: Bytes = 128 << 20
    prepared_pictures_bytes: Bytes = GIBIBYTE
    cors_origins: Annotated[tuple[CorsOrigin, ...], AsTuple] = ()


class DatabaseSettings(Section):
    """Where the index is."""

    url: DatabaseUrl = "sqlite:///{data_dir}/index.sqlite"


class StorageSettings(Section):
    """Where the objects are."""

    url: StorageUrl = "file://{data_dir}/blobs"
    duplicates: Literal["keep-first", "keep-both", "replace"] = "keep-first"
    reserved_bytes: Bytes | None = None
    warning_bytes: Bytes | None = None

    @property
    def folder(self) -> Path:
        """The folder of a `file://` URL."""
        return Path(self.url.removeprefix("file://"))


class EventSettings(Section):
    """Wake-ups between machines; on one machine local sockets carry them."""

    url: EventsUrl | None = None


class QueueSettings(Section):
    """A broker that wakes workers up; without one they look into the database."""

    url: QueueUrl | None = None


class MockSettings(Section):
    """The mock analyzers."""

    delay_seconds: Annotated[tuple[Seconds, Seconds], AsTuple] = (30.0, 60.0)

    @model_validator(mode="after")
    def _in_order(self) -> "MockSettings":
        if self.delay_seconds[0] > self.delay_seconds[1]:
            raise ValueError("delay_seconds is [least, most]")
        return self


class AnalysisSettings(Section):
    """When a series is complete, and how its analysis runs."""

    quiet_seconds: Seconds = 10.0
    timeout_seconds: TimeLimit = 600.0
    attempts: Number = 3
    concurrency: Processes = 2
    return_to_sender: bool = True
    mock: MockSettings = MockSettings()


class OidcSettings(Section):
    """Login by OpenID Connect."""

    issuer: str | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    role_claim: str = "roles"
    tenant_claim: str = "tenant"


class SecuritySettings(Section):
    """Accounts."""

    admin_password: Secret | None = None
    oidc: OidcSettings = OidcSettings()


class LogSettings(Section):
    """What is logged, and how: `auto` is lines for people on a terminal, JSON elsewhere."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"
