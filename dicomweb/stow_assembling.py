"""A data set put together from metadata and bulk data, on its way to the spool (PS3.18 Section 10.5.1.4)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from archive.decoding import PixelWorker
from archive.encodings import EXPLICIT_VR_LITTLE_ENDIAN
from archive.errors import NotParsable, TransferSyntaxNotSupported, UidMismatch
from archive.ingest import Archive
from archive.reencoding import OFFSET_TABLES
from archive.spool import Spooled
from archive.storage_classes import is_storage_syntax
from archive.uids import is_valid_uid
from dicomweb.frame_formats import OCTETS
from dicomweb.stow_bulk import BulkPart, BulkParts
from dicomweb.stow_codestreams import MOST_HEADER_BYTES, container_bytes, read_codestream
from dicomweb.stow_keeping import require_supported
from dicomweb.stow_pictures import PICTURES, unpacked
from dicomweb.stow_pieces import Pieces, Span
from dicomweb.stow_pixels import PixelParts, syntax_of
from dicomweb.stow_writing import DataSetWriter

_SOP_CLASS_UID: Final = "00080016"
_SOP_INSTANCE_UID: Final = "00080018"
_TRANSFER_SYNTAX_UID: Final = "00020010"
_AVAILABLE_TRANSFER_SYNTAX_UID: Final = "00083002"
_NUMBER_OF_FRAMES: Final = "00280008"
_PIXEL_DATA: Final = "7FE00010"
# Of the copy that the sender has (PS3.18 Table 10.6.3-5), not of the object: Instance Availability, Retrieve URL,
# Available Transfer Syntax UID.
_OF_THE_COPY: Final = frozenset({"00080056", "00081190", _AVAILABLE_TRANSFER_SYNTAX_UID})
_OFFSET_TABLES: Final = frozenset(f"{tag:08X}" for tag in OFFSET_TABLES)


def uids_of(data_set: Any) -> tuple[str, str]:
    """Give SOP Class and SOP Instance UID of a data set, empty where they are missing or none."""
    first = (_texts(data_set, tag)[:1] for tag in (_SOP_CLASS_UID, _SOP_INSTANCE_UID))
    sop_class, sop_instance = ("".join(uid for uid in found if is_valid_uid(uid)) for found in first)
    return sop_class, sop_instance


def assemble(
    archive: Archive,
    data_set: Mapping[str, Any],
    uids: tuple[str, str],
    pieces: Pieces,
    bulk: BulkParts,
    *,
    worker: PixelWorker,
) -> Spooled:
    """Write an object to the spool.

    Parameters
    ----------
    archive
        Has the spool.
    data_set
        In the DICOM JSON Model.
    uids
        Its SOP Class and SOP Instance UID.
    pieces, bulk
        The bulk data.
    worker
        Reads pictures that no transfer syntax has.

    Raises
    ------
    NodeError
        The object cannot be made of this, or not be written.
    """
    sop_class_uid, sop_instance_uid = uids
    if not sop_instance_uid:
        raise NotParsable("It has no SOP Instance UID.")
    if not sop_class_uid:
        raise UidMismatch("It has no SOP Class UID.")
    pixels, missing = _pixels_of(data_set, worker, pieces, bulk)
    syntax = EXPLICIT_VR_LITTLE_ENDIAN if pixels is None else pixels.transfer_syntax
    require_supported(sop_class_uid, syntax)
    file = archive.spool(sop_class_uid=sop_class_uid, sop_instance_uid=sop_instance_uid, transfer_syntax_uid=syntax)
    try:
        left_out = _OF_THE_COPY | (_OFFSET_TABLES if pixels is not None and pixels.encapsulated else frozenset())
        DataSetWriter(file.write, pieces, bulk, pixels).write({**missing, **data_set}, left_out)
    except BaseException:
        file.discard()
        raise
    return file.finish()


def _pixels_of(
    data_set: Mapping[str, Any], worker: PixelWorker, pieces: Pieces, bulk: BulkParts
) -> tuple[PixelParts | None, Mapping[str, Any]]:
    """Find pixel data in parts, and what the metadata leaves out of its description."""
    said = _texts(data_set, _TRANSFER_SYNTAX_UID)
    if not all(map(is_storage_syntax, said)):
        raise TransferSyntaxNotSupported
    element = data_set.get(_PIXEL_DATA)
    if not isinstance(element, Mapping) or "BulkDataURI" not in element:
        return None, {}
    parts = bulk.frames(element["BulkDataURI"])
    if any(part.media_type in PICTURES for part in parts):
        return unpacked(data_set, parts, pieces, worker)
    codestream = read_codestream(_header(pieces, parts[0].span)) if parts[0].media_type != OCTETS else None
    said = [*said, *_texts(data_set, _AVAILABLE_TRANSFER_SYNTAX_UID)]
    syntaxes = {syntax_of(part, said, codestream) for part in parts}
    if len(syntaxes) > 1:
        raise NotParsable("The frames are in several transfer syntaxes.")
    pixels = PixelParts(syntaxes.pop(), [_without_container(pieces, part) for part in parts])
    _require_frames(data_set, pixels)
    return pixels, codestream.attributes() if codestream and pixels.encapsulated else {}


def _without_container(pieces: Pieces, part: BulkPart) -> Span:
    start = 0 if part.media_type == OCTETS else container_bytes(_header(pieces, part.span))
    return Span(part.span.start + start, part.span.size - start)


def _header(pieces: Pieces, span: Span) -> bytes:
    return pieces.read_at(Span(span.start, min(span.size, MOST_HEADER_BYTES)))


def _require_frames(data_set: Mapping[str, Any], pixels: PixelParts) -> None:
    """Demand a part for each frame, where frames are in parts."""
    if len(pixels.spans) == 1 and (pixels.is_video or not pixels.encapsulated):
        return
    element = data_set.get(_NUMBER_OF_FRAMES)
    values = element.get("Value") if isinstance(element, Mapping) else None
    if str(values[0] if isinstance(values, list) and values else 1) != str(len(pixels.spans)):
        raise NotParsable("There are more or fewer frames than the metadata says.")


def _texts(data_set: Any, tag: str) -> Sequence[str]:
    element = data_set.get(tag) if isinstance(data_set, Mapping) else None
    values = element.get("Value") if isinstance(element, Mapping) else None
    return [value.strip("\0 ") for value in values if isinstance(value, str)] if isinstance(values, list) else []
