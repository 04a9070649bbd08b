"""Tables that several sections of the conformance statement have: SOP classes, transfer syntaxes, statuses."""

from collections.abc import Iterable, Sequence
from typing import Final

from pydicom._uid_dict import UID_dictionary
from pydicom.uid import UID

from archive.storage_classes import is_storage, is_storage_syntax
from isocenter.conformance.document import Table, table
from routing.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from scp.statuses import Status

LITTLE_ENDIAN: Final = (IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN)
_NO_NAME: Final = "(no name in PS3.6)"


def sop_classes(uids: Iterable[str]) -> Table:
    """Name SOP classes."""
    return table(("SOP class", "UID"), ((name_of(uid), uid) for uid in uids))


def transfer_syntaxes(uids: Iterable[str]) -> Table:
    """Name transfer syntaxes."""
    return table(("Transfer syntax", "UID"), ((name_of(uid), uid) for uid in uids))


def presentation_contexts(uids: Iterable[str], *, role: str, syntaxes: str, extended: str = "none") -> Table:
    """Make the table of presentation contexts of a service (PS3.2 Section A.4.2, "Presentation Context Table")."""
    head = ("Abstract syntax", "UID", "Transfer syntaxes", "Role", "Extended negotiation")
    return table(head, ((name_of(uid), uid, syntaxes, role, extended) for uid in uids))


def statuses(service: str, rows: Sequence[tuple[Status | tuple[Status, ...], str]]) -> Table:
    """Make the table of the statuses of a service."""
    return table((f"{service} status", "Meaning"), ((_hexadecimal(codes), meaning) for codes, meaning in rows))


def _hexadecimal(codes: Status | tuple[Status, ...]) -> str:
    each = codes if isinstance(codes, tuple) else (codes,)
    return ", ".join(f"{code:04X}H" for code in each)


def name_of(uid: str) -> str:
    """Give the name of a UID in PS3.6."""
    return UID(uid).name or _NO_NAME


def storage_classes() -> list[str]:
    """List the standard's SOP classes that may be stored."""
    return [uid for uid in _of_kind("SOP Class") if is_storage(uid)]


def storage_syntaxes() -> list[str]:
    """List the transfer syntaxes that objects may be stored in."""
    return [uid for uid in _of_kind("Transfer Syntax") if is_storage_syntax(uid)]


def _of_kind(wanted: str) -> list[str]:
    return [uid for uid, (_, kind, *_rest) in UID_dictionary.items() if kind == wanted]
