"""What the conformance statement says of security (PS3.2 Section A.7, PS3.15)."""

from typing import Final

from config.settings import Settings
from isocenter.conformance.document import Section, points, section, table
from routing.tls_contexts import TLS_1_2_CIPHERS

_TRUST_IN_CALLERS: Final = {
    True: "required, and verified against `dicom.tls.ca`; bound to an AE where it has `certificate`",
    False: "not asked for",
}


def security(settings: Settings) -> Section:
    """Describe profiles, association level security, and the audit."""
    return section(
        "Security",
        section(
            "Secure transport",
            "As acceptor (`dicom.tls`) and as requestor (`tls = true` of a remote AE): BCP 195 RFC 8996, 9325 TLS "
            "Secure Transport Connection Profile (PS3.15 Section B.12). Nothing is negotiated down: a remote AE that "
            "is called over TLS is never called without.",
            table(
                ("Property", "Value"),
                [
                    ("Versions", "TLS 1.3, TLS 1.2"),
                    ("Cipher suites of TLS 1.2", ", ".join(TLS_1_2_CIPHERS)),
                    ("Cipher suites of TLS 1.3", "all of RFC 8446 that use AES-GCM or ChaCha20-Poly1305"),
                    ("Compression, renegotiation, resumption", "no"),
                    ("Certificates of peers that are called", _trusted(settings)),
                    ("Certificates of calling peers", _TRUST_IN_CALLERS[settings.dicom.tls.client_auth]),
                ],
            ),
        ),
        section(
            "Association level",
            points(
                "Calling and called AE title, address (`source_networks`), certificate and user identity are checked.",
                "User identity: user name, and user name with passcode, are compared where the AE has `user`. Kerberos "
                "tickets, SAML assertions and JSON web tokens are accepted and not checked.",
                "Services that a remote AE may not ask for are answered 0124H.",
            ),
        ),
        section(
            "Application level",
            points(
                "Each association, rejection, query, retrieval, deletion and change of configuration is in the audit "
                "trail of the node.",
                "Logs hold no patient data.",
                "Digital signatures and encrypted attributes are kept as they are.",
            ),
        ),
    )


def _trusted(settings: Settings) -> str:
    tls = settings.dicom.tls
    authorities = "`dicom.tls.ca`" if tls.ca else "the authorities of the system"
    return f"verified against {authorities}{', and the host that is called' if tls.check_host else ''}"
