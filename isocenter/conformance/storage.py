"""What the conformance statement says of storage, as SCP and as SCU (PS3.4 Annex B)."""

from typing import Final

from archive.transcoding import can_convert, can_decompress
from config.settings import Settings
from isocenter.conformance.document import Section, points, section, table
from isocenter.conformance.tables import (
    name_of,
    sop_classes,
    statuses,
    storage_classes,
    storage_syntaxes,
)
from routing.negotiation import EXPLICIT_VR_LITTLE_ENDIAN
from scp.statuses import Status

_STATUSES: Final = (
    (Status.SUCCESS, "stored: on disk and indexed, or here already with the same content"),
    (Status.DUPLICATE_INSTANCE, "refused: another object has this SOP Instance UID (`storage.duplicates`)"),
    (Status.INVALID_INSTANCE, "refused: the SOP Instance UID is not valid"),
    (Status.SOP_CLASS_NOT_SUPPORTED, "refused: not the SOP class of the presentation context"),
    (Status.NOT_AUTHORIZED, "refused: this AE may not store"),
    (Status.OUT_OF_RESOURCES, "refused: out of resources; worth another attempt"),
    (Status.DATA_SET_MISMATCH, "refused: the data set does not match the command, or lacks its UIDs"),
    (Status.CANNOT_UNDERSTAND, "refused: the data set cannot be parsed, or exceeds a limit"),
)
_ANSWERS: Final = (
    ("0000H, 0001H, 0107H, 0116H, BxxxH", "the object is delivered; warnings are kept on record"),
    ("A7xxH, 0110H, 0124H and any other", "the object is tried again, at most 10 times with pauses up to 5 minutes"),
    ("no answer, abort, no association", "as above"),
)
_DUPLICATES: Final = {
    "keep-first": "another object under a SOP Instance UID that is here is refused (0111H), and the first is kept",
    "keep-both": "another object under a SOP Instance UID that is here is put aside for a person to look at",
    "replace": "another object under a SOP Instance UID that is here takes its place, on record",
}


def storage(settings: Settings) -> Section:
    """Describe storage in both directions."""
    return section("Storage", _as_scp(settings), _as_scu())


def _as_scp(settings: Settings) -> Section:
    syntaxes = table(
        ("Transfer syntax", "UID", "Kept", "Decoded", "Made"),
        (
            (name_of(uid), uid, "yes", _yes(can_decompress(uid)), _yes(can_convert(EXPLICIT_VR_LITTLE_ENDIAN, uid)))
            for uid in storage_syntaxes()
        ),
    )
    return section(
        "As SCP",
        "Level of conformance: 2, full (PS3.4 Section B.4.1): all attributes are kept, private ones too, and the data "
        "set is kept byte for byte as sent. Digital signatures: level 1, kept as they are and not verified. Elements "
        "are not coerced.",
        points(
            "A status of 0000H is sent when the object's bytes are synced to disk and its index entry is committed.",
            f"Duplicates (`storage.duplicates`): {_DUPLICATES[settings.storage.duplicates]}.",
            "Every storage SOP class below is accepted, and every SOP class outside the standard's root, in each of "
            "the transfer syntaxes below; classes that later editions put under the storage root are accepted as well.",
            "Objects are kept until a person deletes their study.",
        ),
        statuses("C-STORE", _STATUSES),
        section("Presentation contexts: SOP classes", sop_classes(storage_classes())),
        section(
            "Presentation contexts: transfer syntaxes",
            "Kept: objects in it are stored. Decoded: its pixel data can be shown, analyzed and decompressed for a "
            "peer. Made: objects may be compressed to it for a remote AE whose `transfer_syntaxes` ask for it.",
            syntaxes,
        ),
    )


def _as_scu() -> Section:
    return section(
        "As SCU",
        "Stored objects and results are sent as they are stored, or in what the peer accepts of Explicit and Implicit "
        "VR Little Endian, decompressed; a remote AE with `transfer_syntaxes` gets these only, compressed where that "
        "is what they ask for. Reports are sent in the class that the remote AE can keep (`sr_class`).",
        points(
            "Proposed: the SOP class of each object with its own transfer syntax, Explicit VR Little Endian and "
            "Implicit VR Little Endian, each in a context of its own.",
            "The preamble of a file is never sent, nor what was in it.",
        ),
        table(("Status of the response", "What follows"), _ANSWERS),
    )


def _yes(value: bool) -> str:  # noqa: FBT001 - one value, in words
    return "yes" if value else "no"
