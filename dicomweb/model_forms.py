"""The forms in which data sets without pixels are answered: the DICOM JSON Model, or the Native DICOM Model as XML.

PS3.18 Section 8.7.3.2 names both media types; JSON is the default of every resource that has them.
"""

from typing import Final

from starlette.requests import Request

from dicomweb.media_types import accepted
from dicomweb.native_xml import XML
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
    for found in accepted(request):
        if any(map(found.covers, _JSONS)) and (not found.multipart or found.content == JSON):
            return False
        if found.multipart is multipart and found.covers(XML):
            return True
    raise not_acceptable(f"This is answered as {JSON} or {XML}.")
