"""The options of `isocenter ae add`: one for each key of `[[ae]]`."""

from typing import Annotated, TypeAlias

import typer

Host: TypeAlias = Annotated[str, typer.Option(help="Where it listens.")]
Port: TypeAlias = Annotated[int, typer.Option(help="Where it listens.")]
AeTitle: TypeAlias = Annotated[str | None, typer.Option(help="Its AE title; the name without it.")]
Tls: TypeAlias = Annotated[bool, typer.Option("--tls", help="Call it over TLS.")]
Allow: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        help="A service it may ask for: echo, store, find, move, get, commit, worklist or mpps; may be given several "
        "times. All without it."
    ),
]
SourceNetwork: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(help="Where it may call from: an address or network (CIDR); may be given several times."),
]
Certificate: TypeAlias = Annotated[
    str | None,
    typer.Option(help="SHA-256 fingerprint, or attributes of the subject (CN=ct1, O=Hospital), that it must show."),
]
User: TypeAlias = Annotated[str | None, typer.Option(help="User identity that it must show.")]
PasswordHash: TypeAlias = Annotated[str | None, typer.Option(help="What `isocenter ae password` printed.")]
Charset: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Specific Character Set of answers to its queries, such as ISO_IR 192; that of the query else."),
]
TransferSyntax: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        help="UID of a transfer syntax it may be sent, the best first; may be given several times. As stored, or "
        "uncompressed, without it."
    ),
]
SrClass: TypeAlias = Annotated[
    str, typer.Option(help="Reports it can keep: comprehensive3d, comprehensive or enhanced.")
]
Results: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--results/--no-results", help="Every result goes there, or none ever; without it those of what it sent."
    ),
]
CommitmentReport: TypeAlias = Annotated[
    str, typer.Option(help="Association on which storage commitment is reported: new, or same (that of the request).")
]
Availability: TypeAlias = Annotated[
    bool, typer.Option("--availability", help="Tell it of complete series and of results (instance availability).")
]
GetWithoutRoles: TypeAlias = Annotated[
    bool, typer.Option("--get-without-roles", help="Send to its C-GET although it has not proposed the SCP role.")
]
Tenant: TypeAlias = Annotated[str, typer.Option(help="Whose objects it sends and sees.")]
