"""The header reader, and the readers that later meet what it has let in."""

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from archive import file_meta
from archive.element_stream import tokens
from archive.elements import Walk
from archive.encodings import encoding_of, is_deflated
from archive.errors import LimitExceeded, NotParsable, ObjectTooLarge, UidMismatch
from archive.header import Header, read_header
from archive.header_attributes import TAGS, WANTED
from archive.limits import Limits
from archive.sources import FileSource, InflatingSource
from archive.uids import is_valid_uid

DEFLATED: Final = "1.2.840.10008.1.2.1.99"
# One of each family: the first byte of an input chooses.
TRANSFER_SYNTAXES: Final = (
    "1.2.840.10008.1.2.1",  # Explicit VR Little Endian
    "1.2.840.10008.1.2",  # Implicit VR Little Endian
    "1.2.840.10008.1.2.2",  # Explicit VR Big Endian
    DEFLATED,  # as it arrives
    "1.2.840.10008.1.2.4.90",  # JPEG 2000: encapsulated
)
# One choice more: deflated here, so that what is inflated may be anything.
DEFLATED_HERE: Final = len(TRANSFER_SYNTAXES)
# Low enough for a small input to reach them.
LIMITS: Final = Limits(depth=20, elements=2_000, value_bytes=512, inflated_bytes=1 << 20)
REFUSALS: Final = (NotParsable, LimitExceeded, ObjectTooLarge, UidMismatch)


def read_data_set(data: bytes) -> None:
    """Read the header of a data set; what was let in must be readable by what comes after."""
    if not data:
        return
    transfer_syntax, content = _chosen(data[0], data[1:])
    values = _read_afresh(content, transfer_syntax)
    try:
        header = _read(content, transfer_syntax)
    except REFUSALS:
        return
    # What was learnt of objects before must not show.
    assert header.values == values
    _check_values(header)
    if is_deflated(transfer_syntax):
        content = zlib.decompress(content, -zlib.MAX_WBITS)
    # Whatever serves stored objects relies on what was found well-formed here.
    for _ in tokens(memoryview(content), encoding_of(transfer_syntax)):
        pass


def _chosen(choice: int, content: bytes) -> tuple[str, bytes]:
    number = choice % (DEFLATED_HERE + 1)
    if number != DEFLATED_HERE:
        return TRANSFER_SYNTAXES[number], content
    return DEFLATED, deflate(content)


def deflate(content: bytes) -> bytes:
    """Deflate as PS3.5 Section A.5 has it, without zlib's header."""
    deflater = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    return deflater.compress(content) + deflater.flush()


def _read(content: bytes, transfer_syntax: str) -> Header:
    with _file(content) as descriptor:
        return read_header(descriptor, transfer_syntax, 0, LIMITS)


def _read_afresh(content: bytes, transfer_syntax: str) -> dict[int, bytes] | None:
    """Read the values without what earlier objects have taught; none when the data set is refused."""
    with _file(content) as descriptor:
        file = FileSource(descriptor, 0)
        source = InflatingSource(file, LIMITS.inflated_bytes) if is_deflated(transfer_syntax) else file
        try:
            return Walk(source, encoding_of(transfer_syntax), WANTED, LIMITS).run()
        except REFUSALS:
            return None


@contextmanager
def _file(content: bytes) -> Iterator[int]:
    descriptor = os.memfd_create("data_set")
    try:
        os.write(descriptor, content)
        yield descriptor
    finally:
        os.close(descriptor)


def _check_values(header: Header) -> None:
    assert is_valid_uid(header.study_instance_uid)
    assert is_valid_uid(header.series_instance_uid)
    assert is_valid_uid(header.sop_instance_uid)
    assert is_valid_uid(header.sop_class_uid)
    for name in TAGS:
        text = header.text(name)
        # What no database takes.
        assert "\0" not in text
        text.encode()
        header.number(name)
    header.concept_name_code.encode()


def read_file_meta(data: bytes) -> None:
    """Read the beginning of a file, as a piece of it and as all of it."""
    try:
        partial = file_meta.decode(data)
    except NotParsable:
        partial = None
    try:
        decoded = file_meta.decode(data, complete=True)
    except NotParsable:
        assert partial is None
        return
    assert decoded is not None
    assert 0 <= decoded[1] <= len(data)
    assert partial is None or partial == decoded
