"""The DICOM conformance statement (PS3.2), generated from the running configuration, so that it promises what is so."""

from collections.abc import Iterable, Iterator
from importlib.metadata import version

from pydicom._uid_dict import UID_dictionary
from pydicom.uid import UID

from config.settings import Settings
from isocenter.conformance_commitment import commitment
from isocenter.conformance_procedures import procedures
from routing.tls_contexts import TLS_1_2_CIPHERS
from scp import contexts

_SERVICES = (
    ("Verification", (contexts.VERIFICATION,)),
    ("Query (FIND)", sorted(contexts.FIND_CLASSES)),
    ("Retrieve (MOVE)", sorted(contexts.MOVE_CLASSES)),
    ("Retrieve (GET)", sorted(contexts.GET_CLASSES)),
    ("Storage Commitment Push Model", (contexts.STORAGE_COMMITMENT_PUSH,)),
    ("Modality worklist (FIND)", (contexts.MODALITY_WORKLIST_FIND,)),
    ("Modality performed procedure step", (contexts.MODALITY_PERFORMED_PROCEDURE_STEP,)),
)
_DICOMWEB = (
    ("Query", "QIDO-RS", "PS3.18 Section 10.6"),
    ("Retrieve", "WADO-RS: instances, frames, metadata, bulk data, rendered", "PS3.18 Section 10.4"),
    ("Store", "STOW-RS", "PS3.18 Section 10.5"),
)


def statement(settings: Settings) -> str:
    """Write the statement as Markdown."""
    return "\n".join(_lines(settings)) + "\n"


def _lines(settings: Settings) -> Iterator[str]:
    yield f"# DICOM conformance statement: Isocenter {version('isocenter')}"
    yield ""
    yield "Generated from the configuration of this node by `isocenter conformance`."
    yield ""
    yield from _network(settings)
    yield from _acceptor()
    yield from _requestor(settings)
    yield from _web(settings)
    yield from _durability(settings)
    yield from _security(settings)
    yield from _character_sets()


def _network(settings: Settings) -> Iterator[str]:
    dicom = settings.dicom
    yield "## Application entity"
    yield ""
    yield from _table(
        ("Property", "Value"),
        [
            ("AE title", f"`{dicom.ae_title}`"),
            ("Address", f"{dicom.host}, port {dicom.port}"),
            ("Application context", "1.2.840.10008.3.1.1.1"),
            ("Maximum PDU length announced", f"{dicom.max_pdu & ~1} bytes"),
            (
                "Associations at once",
                f"{dicom.max_associations}, {dicom.max_associations_per_peer} for an AE title or address",
            ),
            ("Asynchronous operations window", "1 operation"),
            ("ARTIM timer", f"{dicom.artim_seconds:g} s"),
            ("Idle associations are aborted after", f"{dicom.idle_seconds:g} s"),
            ("Largest data set", f"{dicom.max_object_bytes} bytes"),
            ("Called AE title must match", "yes" if dicom.require_called_ae else "no"),
            ("Unknown calling AE titles", _UNKNOWN_CALLERS[dicom.unknown_callers]),
            ("User identity", "user name, with or without passcode; checked where an AE has `user`"),
            ("TLS", _tls_port(settings)),
        ],
    )


_UNKNOWN_CALLERS = {
    "reject": "rejected (A-ASSOCIATE-RJ 1/1/3)",
    "store": "C-ECHO and C-STORE only",
    "accept": "all services",
}


def _acceptor() -> Iterator[str]:
    yield "## Services as SCP"
    yield ""
    for name, classes in _SERVICES:
        yield f"### {name}"
        yield ""
        yield from _table(("SOP class", "UID"), [(UID(uid).name, uid) for uid in classes])
    yield "Transfer syntaxes: Implicit VR Little Endian, Explicit VR Little Endian."
    yield ""
    yield from commitment()
    yield from procedures()
    yield "### Storage"
    yield ""
    yield (
        "Every storage SOP class below is accepted, and every SOP class outside the standard's root, in each of the "
        "transfer syntaxes below; objects are kept byte for byte as sent. Of the transfer syntaxes of a presentation "
        "context the first one in the proposer's order is accepted."
    )
    yield ""
    yield from _table(("SOP class", "UID"), [(UID(uid).name, uid) for uid in _storage_classes()])
    yield from _table(("Transfer syntax", "UID"), [(UID(uid).name, uid) for uid in _storage_syntaxes()])
    yield "C-STORE statuses:"
    yield ""
    yield from _table(("Status", "Meaning"), _STORE_STATUSES)


_STORE_STATUSES = (
    ("0000H", "stored: on disk and indexed, or here already with the same content"),
    ("0111H", "refused: another object has this SOP Instance UID (`storage.duplicates`)"),
    ("0122H", "refused: not the SOP class of the presentation context"),
    ("0124H", "refused: this AE may not store"),
    ("A700H", "refused: out of resources; worth another attempt"),
    ("A900H", "refused: the data set does not match the command"),
    ("C000H", "refused: the data set cannot be understood"),
)


def _storage_classes() -> Iterator[str]:
    for uid, (_, kind, *_rest) in UID_dictionary.items():
        if kind == "SOP Class" and contexts.is_storage(uid):
            yield uid


def _storage_syntaxes() -> Iterator[str]:
    for uid, (_, kind, *_rest) in UID_dictionary.items():
        if kind == "Transfer Syntax" and contexts.is_storage_syntax(uid):
            yield uid


def _requestor(settings: Settings) -> Iterator[str]:
    yield "## Services as SCU"
    yield ""
    yield (
        "C-STORE of stored objects and results, as stored or, where the peer accepts nothing else, decompressed to "
        "Explicit or Implicit VR Little Endian; C-ECHO; Storage Commitment Push Model and C-FIND (Study Root) to "
        "confirm what was sent; C-FIND, C-MOVE and C-GET (Study Root, Patient Root) to query archives and retrieve "
        "from them; Instance Availability Notification (N-CREATE) of received series that are complete, to AEs with "
        "`availability`."
    )
    yield ""
    if settings.ae:
        yield "Remote AEs declared in the configuration (others may be added at run time):"
        yield ""
        rows = [
            (ae.name, f"`{ae.ae_title}`", f"{ae.host}:{ae.port}", ", ".join(ae.allowed), ae.sr_class)
            for ae in settings.ae
        ]
        yield from _table(("Name", "AE title", "Address", "May ask for", "Reports as"), rows)


def _web(settings: Settings) -> Iterator[str]:
    yield "## DICOMweb"
    yield ""
    yield f"Root: `http://{settings.web.host}:{settings.web.port}/dicom-web`; authentication is required."
    yield ""
    yield from _table(("Service", "What", "Where defined"), _DICOMWEB)


def _durability(settings: Settings) -> Iterator[str]:
    yield "## What success means"
    yield ""
    yield (
        "A status of 0000H is sent when the object's bytes are synced to disk and its index entry is committed. "
        f"Another object under a SOP Instance UID that is here: `{settings.storage.duplicates}`."
    )
    yield ""


def _tls_port(settings: Settings) -> str:
    tls = settings.dicom.tls
    if tls.port is None:
        return "not offered (`dicom.tls.port`)"
    return f"port {tls.port}, {'a client certificate is required' if tls.client_auth else 'without client certificate'}"


def _security(settings: Settings) -> Iterator[str]:
    yield "## Security"
    yield ""
    yield (
        "As acceptor (`dicom.tls`) and as requestor (`tls = true` of a remote AE): BCP 195 RFC 8996, 9325 TLS Secure "
        "Transport Connection Profile (PS3.15 Section B.12). Nothing is negotiated down: a remote AE that is called "
        "over TLS is never called without."
    )
    yield ""
    yield from _table(
        ("Property", "Value"),
        [
            ("Versions", "TLS 1.3, TLS 1.2"),
            ("Cipher suites of TLS 1.2", ", ".join(TLS_1_2_CIPHERS)),
            ("Cipher suites of TLS 1.3", "all of RFC 8446 that use AES-GCM or ChaCha20-Poly1305"),
            ("Compression, renegotiation, resumption", "no"),
            ("Certificates of peers that are called", _trusted(settings)),
            ("Certificates of calling peers", _TRUST_IN_CALLERS[settings.dicom.tls.client_auth]),
        ],
    )


_TRUST_IN_CALLERS = {
    True: "required, and verified against `dicom.tls.ca`; AE titles are not bound to them",
    False: "not asked for",
}


def _trusted(settings: Settings) -> str:
    tls = settings.dicom.tls
    authorities = "`dicom.tls.ca`" if tls.ca else "the authorities of the system"
    return f"verified against {authorities}{', and the host that is called' if tls.check_host else ''}"


def _character_sets() -> Iterator[str]:
    yield "## Character sets"
    yield ""
    yield (
        "All of PS3.3 Section C.12.1.1.2, with and without code extensions, are read; data sets are kept in theirs. "
        "Query answers are ISO_IR 192 (UTF-8) unless the character set of the request holds them."
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
