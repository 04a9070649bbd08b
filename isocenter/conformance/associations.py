"""What the conformance statement says of associations, in either direction (PS3.2 Section A.4.2.1)."""

from collections.abc import Iterable, Sequence
from typing import Final

from access.remote_aes import RemoteAE
from config.declared import AEDeclaration
from config.settings import Settings
from isocenter.conformance.document import Section, Table, points, section, table
from routing.negotiation import APPLICATION_CONTEXT, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from routing.requestor import OWN_MAX_PDU

_UNKNOWN_CALLERS: Final = {
    "reject": "rejected (A-ASSOCIATE-RJ 1/1/3)",
    "store": "C-ECHO and C-STORE only",
    "accept": "all services",
}
_REJECTIONS: Final = (
    ("1/1/2", "application context not supported"),
    ("1/1/3", "calling AE title blank, odd or unknown, or its address or certificate is not the configured one"),
    ("1/1/7", "called AE title blank, odd or another"),
    ("1/1/1", "the user identity is not the configured one"),
    ("1/2/2", "protocol version not supported"),
    ("2/3/1", "the rules or the record of associations cannot be reached now"),
    ("2/3/2", "a limit of associations is reached: of the AE title, of the address, or of the node"),
)


def associations(settings: Settings, added: Sequence[RemoteAE]) -> Section:
    """Describe how associations are negotiated; `added` are the remote AEs that the file does not declare."""
    initiation = _initiation(settings, added)
    return section("Association policies", _general(settings), _acceptance(settings), initiation)


def _general(settings: Settings) -> Section:
    dicom = settings.dicom
    return section(
        "General",
        table(
            ("Property", "Value"),
            [
                ("Application context", APPLICATION_CONTEXT),
                ("Maximum PDU length announced as acceptor", f"{dicom.max_pdu & ~1} bytes"),
                ("Maximum PDU length announced as initiator", f"{OWN_MAX_PDU} bytes"),
                (
                    "Associations at once as acceptor",
                    f"{dicom.max_associations}, {dicom.max_associations_per_peer} for an AE title or address",
                ),
                ("Associations at once as initiator", "one for each remote AE and activity"),
                ("Connections without an association", f"{dicom.max_connections}"),
                ("Asynchronous operations window", "1 operation, in both directions"),
                ("Implementation class UID", IMPLEMENTATION_CLASS_UID),
                ("Implementation version name", IMPLEMENTATION_VERSION_NAME),
            ],
        ),
    )


def _acceptance(settings: Settings) -> Section:
    dicom = settings.dicom
    return section(
        "Association acceptance",
        "An A-ASSOCIATE-RQ is checked in this order: protocol version, application context, called AE title, calling "
        "AE title with address, certificate and user identity, limits. AE titles are compared without spaces around "
        "them, and with regard to case. Every rejection is on record, with its reason.",
        table(
            ("Property", "Value"),
            [
                ("Called AE title must match", "yes" if dicom.require_called_ae else "no"),
                ("Unknown calling AE titles", _UNKNOWN_CALLERS[dicom.unknown_callers]),
                ("User identity", "user name, with or without passcode; checked where an AE has `user`"),
                ("ARTIM timer", f"{dicom.artim_seconds:g} s"),
                ("Idle associations are aborted after", f"{dicom.idle_seconds:g} s"),
                ("Largest data set", f"{dicom.max_object_bytes} bytes"),
            ],
        ),
        table(("A-ASSOCIATE-RJ result/source/reason", "Sent when"), _REJECTIONS),
        points(
            "Presentation contexts: of the transfer syntaxes of a context the first acceptable one in the proposer's "
            "order is accepted. Where the proposer is only SCP of storage, as for C-GET, uncompressed little endian "
            "comes before the others, but for the video classes. Several contexts of one abstract syntax are accepted "
            "each.",
            "SCP/SCU role selection is accepted as proposed for storage SOP classes and for storage commitment.",
            "A-ABORT (source 2) ends an association whose peer breaks the upper layer protocol: unexpected or too long "
            "PDUs, fragments of odd length, contexts that were not accepted, messages that do not end.",
        ),
    )


def _initiation(settings: Settings, added: Sequence[RemoteAE]) -> Section:
    declared = (
        ("Remote AEs that the configuration declares:", _remote(settings.ae))
        if settings.ae
        else ("The configuration declares none.",)
    )
    return section(
        "Association initiation",
        "Associations are opened to remote AEs that are configured, for the activities `deliver`, `confirm`, "
        "`announce` and `fetch`, for C-MOVE sub-operations, for reports of storage commitment, and for C-ECHO when a "
        "person asks for it. Each transfer syntax is proposed in a presentation context of its own; what needs more "
        "than 128 contexts is divided over several associations. Failed calls are repeated with growing pauses.",
        *declared,
        *(("Remote AEs that were added at run time:", _remote(added)) if added else ()),
    )


def _remote(aes: Iterable[AEDeclaration | RemoteAE]) -> Table:
    rows = [
        (ae.name, f"`{ae.ae_title}`", f"{ae.host}:{ae.port}", "yes" if ae.tls else "no", ", ".join(ae.allowed))
        for ae in aes
    ]
    return table(("Name", "AE title", "Address", "TLS", "May ask for"), rows)
