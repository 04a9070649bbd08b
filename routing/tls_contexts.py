"""What `dicom.tls` means for OpenSSL: versions, cipher suites, certificates and trust.

The profile is BCP 195 RFC 8996, 9325 TLS Secure Transport Connection Profile (PS3.15 Section B.12): TLS 1.2 with the
cipher suites that RFC 9325 Section 4.2 recommends, or TLS 1.3; no compression, no renegotiation.
"""

import ssl
from pathlib import Path
from typing import Final

from config.sections import TlsSettings

TLS_1_2_CIPHERS: Final = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
)
# An association ends by A-RELEASE or A-ABORT; whether TLS said goodbye too tells nothing more.
_OPTIONS: Final = ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET | ssl.OP_IGNORE_UNEXPECTED_EOF


class TlsUnusable(Exception):
    """The files that `dicom.tls` names cannot be used; the text names the key and the reason."""


def acceptor_context(tls: TlsSettings) -> ssl.SSLContext:
    """Make the context of the TLS port.

    Raises
    ------
    TlsUnusable
        A file is missing, unreadable, or not what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _follow_profile(context)
    # No association is resumed; a ticket that a peer leaves unread would make its close a reset.
    context.num_tickets = 0
    _show_certificate(context, tls)
    if tls.client_auth:
        _trust(context, tls)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def requestor_context(tls: TlsSettings) -> ssl.SSLContext:
    """Make the context of our own calls: the peer's certificate is verified, ours is shown where there is one.

    Raises
    ------
    TlsUnusable
        A file is missing, unreadable, or not what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _follow_profile(context)
    context.check_hostname = tls.check_host
    _trust(context, tls)
    if tls.cert is not None:
        _show_certificate(context, tls)
    return context


def _follow_profile(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(TLS_1_2_CIPHERS))
    context.options |= _OPTIONS


def _trust(context: ssl.SSLContext, tls: TlsSettings) -> None:
    if tls.ca is None:
        context.load_default_certs()
        return
    _require(tls.ca, "dicom.tls.ca", "CERTIFICATE")
    try:
        context.load_verify_locations(cafile=tls.ca)
    except OSError as error:
        raise TlsUnusable(f"dicom.tls.ca: {tls.ca} holds no usable certificate") from error


def _show_certificate(context: ssl.SSLContext, tls: TlsSettings) -> None:
    if tls.cert is None:
        raise TlsUnusable("dicom.tls.cert: is needed for dicom.tls.port")
    _require(tls.cert, "dicom.tls.cert", "CERTIFICATE")
    key, name = (tls.cert, "dicom.tls.cert") if tls.key is None else (tls.key, "dicom.tls.key")
    _require(key, name, "PRIVATE KEY")

    def refuse() -> str:
        raise TlsUnusable(f"{name}: the private key in {key} is encrypted; the node cannot ask for a password")

    try:
        context.load_cert_chain(tls.cert, key, password=refuse)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TlsUnusable(f"{name}: {key} is not the private key of {tls.cert}") from error
        reason = (error.reason or "not PEM").replace("_", " ").lower()
        raise TlsUnusable(f"dicom.tls.cert: {tls.cert} and {key} cannot be used: {reason}") from error


def _require(path: Path, name: str, kind: str) -> None:
    """Check that a file can be read and holds a PEM block of a kind."""
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise TlsUnusable(f"{name}: {path} cannot be read: {error.strerror}") from error
    if f"{kind}-----" not in text:
        raise TlsUnusable(f"{name}: {path} holds no {kind.lower()} in PEM format")
