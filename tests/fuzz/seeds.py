"""What the fuzzers begin with when their working folder is empty: right inputs of every kind, made here."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from archive import file_meta
from routing import dimse
from routing.associate import encode_accept, encode_request
from routing.dimse import CommandField, Element
from routing.negotiation import AssociateRequest, ProposedContext, Roles, UserInformation
from routing.pdu import HEADER_SIZE, RELEASE_RQ, AbortSource, encode_abort, p_data
from scp.contexts import answer
from tests.archive.bytes_of import ITEM_END, SEQUENCE_END, UNDEFINED, identity, item, long
from tests.archive.objects import ct_slice, encode
from tests.fuzz.association import WAYS
from tests.fuzz.data_sets import DEFLATED, DEFLATED_HERE, TRANSFER_SYNTAXES

# Those that are in the package; others would be downloaded.
_FILES: Final = Path(pydicom.__file__).parent / "data" / "test_files"
_CT: Final = "1.2.840.10008.5.1.4.1.1.2"
_LONGEST_FILE: Final = 12_000
_LONGEST_META: Final = 600
_EXPLICIT: Final = TRANSFER_SYNTAXES.index(ExplicitVRLittleEndian)


def _commands() -> list[dimse.Command]:
    requests: list[dimse.Command] = [
        {**dimse.request(field, 7, data_set=field != CommandField.C_ECHO), Element.AFFECTED_SOP_CLASS_UID: _CT}
        for field in CommandField
    ]
    store = {**requests[0], Element.AFFECTED_SOP_INSTANCE_UID: "1.2.3", Element.PRIORITY: 0}
    moved = {**store, Element.MOVE_ORIGINATOR_AE_TITLE: "PACS1", Element.MOVE_ORIGINATOR_MESSAGE_ID: 3}
    return [*requests, store, moved, dimse.response(store, 0xA700, comment="Storage is full")]


def associations() -> Iterator[bytes]:
    """Yield the PDUs of whole associations, for every way to take data sets."""
    cancel: dimse.Command = {
        Element.COMMAND_FIELD: int(CommandField.C_CANCEL),
        Element.MESSAGE_ID_RESPONDED_TO: 7,
        Element.DATA_SET_TYPE: dimse.NO_DATA_SET,
    }
    encoded = [dimse.encode_command(command) for command in (*_commands(), cancel)]
    ends = [RELEASE_RQ, encode_abort(AbortSource.SERVICE_USER), b""]
    for way in range(len(WAYS)):
        for number, command in enumerate(encoded):
            message = p_data(1, command, is_command=True, fragment=40 + 2 * number)
            data_set = p_data(1, bytes(100), is_command=False, fragment=60)
            following = p_data(3, encoded[-1], is_command=True, fragment=400)
            yield bytes([way, number]) + message + data_set + following + ends[number % len(ends)]


def associates() -> Iterator[bytes]:
    """Yield bodies of A-ASSOCIATE-RQ and -AC."""
    syntaxes = (ImplicitVRLittleEndian, ExplicitVRLittleEndian)
    contexts = tuple(
        ProposedContext(context_id=number, abstract_syntax=abstract, transfer_syntaxes=syntaxes[: 1 + number % 2])
        for number, abstract in ((1, "1.2.840.10008.1.1"), (3, _CT), (255, "1.2.840.10008.5.1.4.1.2.2.1"))
    )
    roles, extended = {_CT: Roles(scu=True, scp=True)}, {_CT: b"\1\0"}
    for user in (
        UserInformation(max_pdu=0),
        UserInformation(max_pdu=16384, operations_window=(1, 1), roles=roles, extended=extended),
    ):
        request = AssociateRequest(
            called_ae_title=b"ISOCENTER".ljust(16),
            calling_ae_title=b"MODALITY1".ljust(16),
            contexts=contexts,
            user=user,
        )
        yield encode_request(request)[HEADER_SIZE:]
        yield encode_accept(answer(request, max_pdu=4096))[HEADER_SIZE:]


def commands() -> Iterator[bytes]:
    """Yield command sets."""
    yield from map(dimse.encode_command, _commands())


def data_sets() -> Iterator[bytes]:
    """Yield data sets in every family of transfer syntaxes, after the byte that chooses it."""
    nested = Dataset()
    nested.RequestedProcedureID = "R1"
    data_set = ct_slice(RequestAttributesSequence=Sequence([nested]), PixelData=bytes(32))
    for number, syntax in enumerate(TRANSFER_SYNTAXES):
        if number == _EXPLICIT or syntax in (ImplicitVRLittleEndian, ExplicitVRBigEndian, DEFLATED):
            yield bytes([number]) + encode(data_set, syntax)
    yield bytes([DEFLATED_HERE]) + encode(data_set)
    fragments = item(b"") + item(bytes(40)) + SEQUENCE_END
    yield bytes([len(TRANSFER_SYNTAXES) - 1]) + identity() + long(0x7FE0_0010, b"OB", fragments, UNDEFINED)
    unknown = item(identity() + ITEM_END, UNDEFINED) + SEQUENCE_END
    yield bytes([_EXPLICIT]) + identity() + long(0x0009_1001, b"UN", unknown, UNDEFINED)
    outside = long(0x0009_1001, b"SQ", b"") + item(b"") + item(identity())
    yield bytes([_EXPLICIT]) + identity() + outside + long(0x0009_1002, b"OB", b"odd") + b"\0"
    for content, syntax in _real_files():
        if syntax in TRANSFER_SYNTAXES:
            yield bytes([TRANSFER_SYNTAXES.index(syntax)]) + content


def _real_files() -> Iterator[tuple[bytes, str]]:
    """Yield the data sets of the small files that come with pydicom, and their transfer syntaxes."""
    for path in sorted(_FILES.glob("*.dcm")):
        content = path.read_bytes()
        if len(content) > _LONGEST_FILE or content[128:132] != file_meta.PREFIX:
            continue
        with warnings.catch_warnings(action="ignore"):
            meta = pydicom.filereader.read_file_meta_info(path)
        start = 144 + int(meta.get("FileMetaInformationGroupLength", 0))
        yield content[start:], str(meta.get("TransferSyntaxUID", DeflatedExplicitVRLittleEndian))


def file_metas() -> Iterator[bytes]:
    """Yield beginnings of files, with preamble and without."""
    whole = file_meta.encode(sop_class_uid=_CT, sop_instance_uid="1.2.3", transfer_syntax_uid=ExplicitVRLittleEndian)
    for content in (whole, whole[128:], whole[132:], b""):
        yield content + identity()
    for path in sorted(_FILES.glob("*.dcm")):
        yield path.read_bytes()[:_LONGEST_META]


SEEDS: Final[dict[str, Callable[[], Iterator[bytes]]]] = {
    "association": associations,
    "associate": associates,
    "command": commands,
    "data_set": data_sets,
    "file_meta": file_metas,
}


def write_seeds(name: str, folder: Path) -> None:
    """Write the seeds of a target, one file each."""
    for number, content in enumerate(SEEDS[name]()):
        (folder / f"seed-{number}").write_bytes(content)
