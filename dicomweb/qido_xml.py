"""Matches in the Native DICOM Model: a part of the answer each (PS3.18 Section 10.6.4, PS3.19 Annex A.1)."""

import json
from collections.abc import Mapping

from starlette.responses import Response

from archive.file_spans import in_memory
from dicomweb.multipart import Part, encode, multipart_type, new_boundary
from dicomweb.native_xml import XML, native_xml


def as_parts(matches: bytes, headers: Mapping[str, str]) -> Response:
    """Build the answer.

    Parameters
    ----------
    matches
        An array in the DICOM JSON Model: both forms say the same.
    headers
        Of the answer.
    """
    parts = (Part(XML, (native_xml(match),)) for match in json.loads(matches))
    boundary = new_boundary()
    return Response(
        b"".join(in_memory(encode(parts, boundary))), media_type=multipart_type(XML, boundary), headers=dict(headers)
    )
