"""Stored instances as DICOM files in the transfer syntax that was asked for (PS3.18 Section 10.4.1.1.1)."""

import tempfile
from collections.abc import Iterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from archive.encodings import EXPLICIT_VR_LITTLE_ENDIAN
from archive.errors import NotFound
from archive.file_meta import encode
from archive.file_spans import Piece, file_span, in_memory
from archive.retrieve import StoredInstance
from archive.transcoding import can_convert, transcode_to
from dicomweb.locating import file_of
from dicomweb.media_types import ANY_TRANSFER_SYNTAX
from dicomweb.multipart import Part, begun
from dicomweb.problems import not_acceptable
from dicomweb.ranges import Content, ranged_response
from dicomweb.reading_ahead import read_ahead
from dicomweb.rendering.stored_video import is_video
from dicomweb.services import Services

DICOM: Final = "application/dicom"
# JPEG XL, of JPEG images and with loss.
_LOSSY_WITHOUT_DECODER: Final = frozenset({"1.2.840.10008.1.2.4.111", "1.2.840.10008.1.2.4.112"})
_CHUNK: Final = 1 << 20
# Converted objects up to this size stay in memory, larger ones go through a file.
_IN_MEMORY: Final = 8 << 20


def syntax_for(instance: StoredInstance, wanted: str | None) -> str:
    """Choose the transfer syntax in which an instance is sent.

    Parameters
    ----------
    instance
        What is sent.
    wanted
        A transfer syntax, `*` for any; none for the default, explicit VR little endian, or what is stored where that
        is lossy and cannot be decoded (PS3.18 Section 8.7.3).

    Raises
    ------
    Problem
        406 when the instance cannot be had in it.
    """
    if wanted == ANY_TRANSFER_SYNTAX:
        return instance.transfer_syntax_uid
    target = wanted or EXPLICIT_VR_LITTLE_ENDIAN
    if not can_convert(instance.transfer_syntax_uid, target):
        if wanted is None and _is_only_lossy(instance.transfer_syntax_uid):
            return instance.transfer_syntax_uid
        raise not_acceptable(
            "The object cannot be converted to the wanted transfer syntax; transfer-syntax=* takes it as it is stored."
        )
    return target


def _is_only_lossy(syntax: str) -> bool:
    return is_video(syntax) or syntax in _LOSSY_WITHOUT_DECODER


def content_type(syntax: str) -> str:
    """Give the media type of a file with its transfer syntax."""
    return f"{DICOM};transfer-syntax={syntax}"


def single_file(request: Request, services: Services, instance: StoredInstance, syntax: str) -> Response:
    """Answer with one file alone; as it is stored its length is known, and parts of it can be had."""
    if syntax == instance.transfer_syntax_uid:
        return ranged_response(request, stored_content(services, instance))
    part = begun(Part(content_type(syntax), file_chunks(services, instance, syntax)))
    return StreamingResponse(read_ahead(in_memory(part.chunks)), media_type=part.content_type)


def stored_content(services: Services, instance: StoredInstance) -> Content:
    """Give the file of an instance as it is stored."""
    path = file_of(services, instance)
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise NotFound("The file of this object is missing.") from error
    media_type = content_type(instance.transfer_syntax_uid)
    return Content(media_type=media_type, size=size, read=lambda start, length: file_span(path, start, length))


def file_chunks(services: Services, instance: StoredInstance, syntax: str) -> Iterator[Piece]:
    """Yield the file in pieces. Stored files begin with an empty preamble, whatever the sender's had."""
    path = file_of(services, instance)
    if syntax == instance.transfer_syntax_uid:
        yield from file_span(path, 0, instance.data_offset + instance.size)
        return
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as converted:
        converted.write(
            encode(
                sop_class_uid=instance.sop_class_uid,
                sop_instance_uid=instance.sop_instance_uid,
                transfer_syntax_uid=syntax,
            )
        )
        transcode_to(
            converted.write,
            path,
            instance.data_offset,
            instance.transfer_syntax_uid,
            syntax,
            decoder=services.decoder,
            encoder=services.decoder,
        )
        converted.seek(0)
        while chunk := converted.read(_CHUNK):
            yield chunk
