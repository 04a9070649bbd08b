"""Worklist files, as DCMTK's `wlmscpfs` and Orthanc read them: DICOM files whose data set is one or more entries."""

import zlib
from typing import Final

from archive import file_meta, scheduling
from archive.attribute_lists import AttributeList, items, key
from archive.encodings import EXPLICIT_VR_BIG_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, is_deflated
from archive.errors import LimitExceeded, NotParsable
from scp import attribute_lists, elements

# No worklist entry is so long; a file that is was put there by mistake.
LARGEST_FILE: Final = 1 << 20
_STEPS: Final = key(scheduling.STEPS)


def read(content: bytes) -> list[AttributeList]:
    """Read the entries of a file: one for each scheduled procedure step in it.

    A file may do without file meta information, as DCMTK's `dump2dcm -F` writes it.

    Raises
    ------
    NotParsable
        It is no DICOM file, or says too little for a worklist.
    """
    attributes = attribute_lists.decode(_elements(content))
    steps = items(attributes, scheduling.STEPS)
    if not steps:
        raise NotParsable(f"It has no {scheduling.STEPS}.")
    entries: list[AttributeList] = [{**attributes, _STEPS: [step]} for step in steps]
    for entry in entries:
        scheduling.require_complete(entry)
    return entries


def _elements(content: bytes) -> elements.Item:
    decoded = file_meta.decode(content, complete=True)
    if decoded is None:
        raise NotParsable("It is not a DICOM file.")
    meta, offset = decoded
    data_set = content[offset:]
    syntax = meta.get(file_meta.TRANSFER_SYNTAX_UID) or _guess(data_set)
    if syntax == EXPLICIT_VR_BIG_ENDIAN:
        raise NotParsable("It is in the retired big endian transfer syntax.")
    if is_deflated(syntax):
        data_set = _inflate(data_set)
    return elements.read(data_set, implicit=syntax == IMPLICIT_VR_LITTLE_ENDIAN)


def _guess(data_set: bytes) -> str:
    vr = data_set[4:6]
    return "" if vr.isalpha() and vr.isupper() else IMPLICIT_VR_LITTLE_ENDIAN


def _inflate(data_set: bytes) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(data_set, LARGEST_FILE)
    except zlib.error as error:
        raise NotParsable("It is not deflated as it says.") from error
    if inflater.unconsumed_tail:
        raise LimitExceeded
    return inflated
