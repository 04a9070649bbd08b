"""Network interfaces, configuration, media and character sets in the conformance statement (PS3.2 A.4.3 to A.6)."""

from typing import Final

from config.settings import Settings
from isocenter.conformance.document import Section, points, section, table

_CHARACTER_SETS: Final = (
    ("ISO_IR 6 (default), 100, 101, 109, 110, 127, 126, 138, 144, 148, 203, 166, 13", "single-byte"),
    ("ISO 2022 IR of the same, 87, 159, 149, 58", "with code extensions (ISO/IEC 2022 escape sequences)"),
    ("ISO_IR 192, GB18030, GBK", "multi-byte without code extensions"),
)


def interfaces(settings: Settings) -> Section:
    """Describe what the node listens on."""
    dicom = settings.dicom
    return section(
        "Network interfaces",
        section(
            "Physical network interface",
            "TCP/IP over whatever the operating system provides; IPv4 and IPv6. Addresses are those of the system.",
        ),
        table(
            ("Property", "Value"),
            [
                ("AE title", f"`{dicom.ae_title}`"),
                ("Address", f"{dicom.host}, port {dicom.port}"),
                ("TLS", _tls_port(settings)),
                ("HTTP", f"{settings.web.host}, port {settings.web.port}"),
            ],
        ),
        section("Additional protocols", "None of DHCP, LDAP and NTP is used by the node itself."),
    )


def _tls_port(settings: Settings) -> str:
    tls = settings.dicom.tls
    if tls.port is None:
        return "not offered (`dicom.tls.port`)"
    return f"port {tls.port}, {'a client certificate is required' if tls.client_auth else 'without client certificate'}"


def configuration() -> Section:
    """Describe what may be configured."""
    return section(
        "Configuration",
        section(
            "AE title and presentation address mapping",
            "The node has one AE title (`dicom.ae_title`), for all activities and both directions. Remote AEs have a "
            "name, AE title, host and port, by file, page, API or command; several may have one AE title.",
        ),
        section(
            "Parameters",
            points(
                "Of the node: limits, time-outs, unknown callers, duplicates; the reference of the configuration "
                "names all of them with their defaults.",
                "Of a remote AE: services it may ask for, networks, certificate, user identity, character set, "
                "transfer syntaxes, class of reports, results, reports of commitment, availability, retrieval "
                "without roles, tenant.",
            ),
        ),
    )


def media() -> Section:
    """Describe what is read from media."""
    return section(
        "Media",
        "The AE is a File-Set Reader (PS3.10): `isocenter import` and the upload of the page read files with or "
        "without File Meta Information, folders, ZIP archives, and media with a DICOMDIR, whose referenced files are "
        "taken from where they lie. No media are written. The application profiles of PS3.11 are not looked at: each "
        "file is stored by the rules of the Storage SCP.",
        table(
            ("File Meta Information of stored files", "Value"),
            [
                ("Source", "made anew: what a file or peer said is not kept"),
                ("Preamble", "128 bytes of 00H"),
                ("Private Information", "none"),
            ],
        ),
    )


def character_sets() -> Section:
    """Describe which text is understood, and in what it is answered."""
    return section(
        "Character sets",
        "Data sets are kept in theirs. All of PS3.3 Section C.12.1.1.2 are read, matched and answered:",
        table(("Specific Character Set", "Kind"), _CHARACTER_SETS),
        "Query answers are in the character set of the remote AE (`charset`), else in that of the request; in ISO_IR "
        "192 (UTF-8) where that does not hold a value. Results of this node, DICOM JSON and all of HTTP are UTF-8. "
        "Bytes that are no text in the character set of their object are shown as U+FFFD.",
    )
