"""The forms in which data sets without pixels are answered: the DICOM JSON Model, or the Native DICOM Model as XML.

PS3.18 Section 8.7.3.2 names both media types; JSON is the default of every resource that has them.
"""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from dicomweb.media_types import MediaRange, accepted
from dicomweb.multipart import Part, multipart_response
from dicomweb.native_xml import XML, native_xml
from dicomweb.problems import not_acceptable

JSON: Final = "application/dicom+json"
_JSONS: Final = (JSON, "application/json")


def prefers_xml(request: Request, *, multipart: bool) -> bool:
    """Tell whether the answer is wanted as XML rather than as JSON.

    Parameters
    ----------
    multipart
        Whether XML is given in parts, one a data set, or alone.

    Raises
    ------
    Problem
        406 when it is wanted as neither.
    """
    return preferred_xml(request, multipart=multipart) is not None


def preferred_xml(request: Request, *, multipart: bool | None = None) -> MediaRange | None:
    """Give the media range by which XML is wanted rather than JSON; none where it is JSON.

    Parameters
    ----------
    multipart
        As for `prefers_xml`; XML is given both ways when left out.

    Raises
    ------
    Problem
        406 when it is wanted as neither.
    """
    for found in accepted(request):
        if any(map(found.covers, _JSONS)) and (not found.multipart or found.content == JSON):
            return None
        if multipart in {None, found.multipart} and found.covers(XML):
            return found
    raise not_acceptable(f"This is answered as {JSON} or {XML}.")


def xml_response(data_set: Mapping[str, Any], wanted: MediaRange) -> Response:
    """Answer with one data set as XML: alone, or in parts where it is wanted so."""
    document = native_xml(data_set)
    return multipart_response([Part(XML, [document])], XML) if wanted.multipart else Response(document, media_type=XML)
