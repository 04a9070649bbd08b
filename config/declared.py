"""What may be declared in the file besides settings: remote AEs, routing rules, analyzers."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, model_validator

from config.values import (
    AETitle,
    AsTuple,
    Certificate,
    CharacterSet,
    Destinations,
    Host,
    Name,
    Network,
    PasswordHash,
    PeerPort,
    Section,
    Tenant,
    Texts,
    TimeLimit,
    TransferSyntax,
)

Service = Literal["echo", "store", "find", "move", "get", "commit", "mpps", "worklist", "ups"]
CommitmentReport = Literal["new", "same"]
SrClass = Literal["comprehensive3d", "comprehensive", "enhanced"]

ALL_SERVICES: tuple[Service, ...] = ("echo", "store", "find", "move", "get", "commit", "mpps", "worklist", "ups")


class AEDeclaration(Section):
    """A remote application entity: `[[ae]]`.

    Parameters
    ----------
    name
        What rules and commands call it; the AE title when left out.
    ae_title, host, port
        Where it listens.
    tls
        Whether it is reached over TLS.
    tenant
        Whose objects it sends and sees.
    allowed
        The services it may ask of this node.
    user, password_hash
        User identity that it must show (PS3.7 Annex D.3.3.7); any, or none, when left out.
    certificate
        Certificate it must show over TLS: SHA-256 fingerprint, or attributes of the subject.
    source_networks
        Addresses it may call from (CIDR); any when empty.
    charset
        Specific Character Set that it is answered in; that of the request when left out.
    transfer_syntaxes
        UIDs it may be sent, the best first, compressed where it has to be; as it is stored or uncompressed when empty.
    sr_class
        The kind of structured report it can keep.
    results
        `True`: every result goes there; `False`: none ever; left out: what came from it
        (`analysis.return_to_sender`).
    commitment_report
        On which association it is told the result of storage commitment: a `new` one, or the `same` while it is open.
    availability
        Whether it is told of each series that is complete, and of each result (instance availability notification).
    get_without_roles
        Whether it gets objects by C-GET also where it has not proposed itself as SCP of storage.
    """

    name: Name
    ae_title: AETitle
    host: Host
    port: PeerPort
    tls: bool = False
    tenant: Tenant = "default"
    allowed: Annotated[tuple[Service, ...], AsTuple] = ALL_SERVICES
    user: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    password_hash: PasswordHash | None = None
    certificate: Certificate | None = None
    source_networks: Annotated[tuple[Network, ...], AsTuple] = ()
    charset: CharacterSet | None = None
    transfer_syntaxes: Annotated[tuple[TransferSyntax, ...], AsTuple] = ()
    sr_class: SrClass = "comprehensive3d"
    results: bool | None = None
    commitment_report: CommitmentReport = "new"
    availability: bool = False
    get_without_roles: bool = False

    @model_validator(mode="after")
    def _password_has_user(self) -> Self:
        if self.password_hash is not None and self.user is None:
            raise ValueError("password_hash needs a user")
        return self

    @model_validator(mode="before")
    @classmethod
    def _name_is_title(cls, values: Any) -> Any:
        if isinstance(values, dict) and "ae_title" in values and "name" not in values:
            return {**values, "name": values["ae_title"]}
        return values


class RouteDeclaration(Section):
    """A rule that sends objects on: `[[route]]`. A key left out matches everything; lists match any of theirs.

    Parameters
    ----------
    name
        What the rule is called.
    origin
        `images`: what others sent; `results`: what this node's analyzers made; `any`: both.
    calling_ae
        Names or AE titles of the senders (`from` in the file).
    modality, sop_class, body_part, station, study_description, series_description
        Values of the series; `*` and `?` are wildcards, case does not matter.
    to
        Names of the remote AEs that get the objects.
    enabled
        Whether the rule is followed.
    """

    name: Name
    tenant: Tenant = "default"
    origin: Literal["images", "results", "any"] = "images"
    calling_ae: Annotated[Texts, Field(alias="from")] = ()
    modality: Texts = ()
    sop_class: Texts = ()
    body_part: Texts = ()
    station: Texts = ()
    study_description: Texts = ()
    series_description: Texts = ()
    to: Destinations
    enabled: bool = True


class AnalyzerDeclaration(Section):
    """Settings of one analyzer: `[[analyzer]]`.

    Parameters
    ----------
    name
        The name it registered under.
    enabled
        Whether it takes series.
    options
        Whatever the analyzer understands.
    performer
        `node`: this node runs it; `external`: an engine elsewhere performs its jobs as workitems.
    version
        Of an external analyzer.
    modality, body_part
        Series that an external analyzer takes; `*` and `?` are wildcards, any when empty.
    lease_seconds
        A claim from outside without an update for so long is over.
    """

    name: Name
    enabled: bool = True
    options: dict[str, JsonValue] = Field(default_factory=dict)
    performer: Literal["node", "external"] = "node"
    version: Annotated[str, Field(min_length=1, max_length=64)] = "1"
    modality: Texts = ()
    body_part: Texts = ()
    lease_seconds: TimeLimit = 3_600.0
