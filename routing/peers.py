"""A remote AE as the sending side sees it: where to connect, and as whom."""

from dataclasses import dataclass

from routing.tls_files import CurrentContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Where a remote AE listens.

    Parameters
    ----------
    name
        What rules and pages call it.
    ae_title
        Its title, the called AE title.
    host, port
        Where it listens.
    calling_ae_title
        Our title.
    tls
        What it is called with over TLS; plain TCP without.
    transfer_syntaxes
        UIDs it may be sent; whatever it accepts when empty.
    connect_seconds
        For the TCP connection and for the answer to A-ASSOCIATE-RQ, each.
    response_seconds
        For the answer to one request; a peer that writes to tape may need long.
    """

    name: str
    ae_title: str
    host: str
    port: int
    calling_ae_title: str
    tls: CurrentContext | None = None
    transfer_syntaxes: tuple[str, ...] = ()
    connect_seconds: float = 10.0
    response_seconds: float = 60.0
