"""Encapsulated documents as what they are: PDF, CDA, models (PS3.3 Sections A.45 and A.85, PS3.18 Section 8.7.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from archive.retrieve import StoredInstance
from dicomweb.bulk_values import BulkValues
from dicomweb.ranges import Content
from dicomweb.rendering.attributes import number_of, read_header
from dicomweb.rendering.pages import HARMLESS, XML
from dicomweb.rendering.parameters import RenderingParameters
from dicomweb.services import Services

PDF: Final = "application/pdf"
_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.104"
# The SOP class says what it is: MIME Type of Encapsulated Document is text that anybody wrote.
_MEDIA_TYPES: Final[Mapping[str, str]] = {
    f"{_STORAGE}.1": PDF,
    f"{_STORAGE}.2": XML,
    f"{_STORAGE}.3": "model/stl",
    f"{_STORAGE}.4": "model/obj",
    f"{_STORAGE}.5": "model/mtl",
}
_OCTETS: Final = "application/octet-stream"
DOCUMENT: Final = (0x00420011,)
"""Where the document stands in its object."""
_LENGTH: Final = "00420015"


def document_type(sop_class_uid: str) -> str:
    """Give the media type of the document in an object; octets where the class of the object does not say it."""
    return _MEDIA_TYPES.get(sop_class_uid, _OCTETS)


class DocumentRendering:
    """Gives the document in an object.

    Parameters
    ----------
    services
        What it works with.
    tenant
        Whose document.
    instance
        The object.
    """

    def __init__(self, services: Services, tenant: str, instance: StoredInstance) -> None:
        del tenant
        self._services = services
        self._instance = instance
        self.media_types: Sequence[str] = (document_type(instance.sop_class_uid),)

    def make(self, media_type: str, _wanted: RenderingParameters) -> Content:
        """Give the document as it was put in, without the byte that makes its length even."""
        content = BulkValues(self._services, self._instance).content(DOCUMENT)
        said = number_of(read_header(self._services, self._instance), _LENGTH)
        size = content.size - 1 if said == content.size - 1 else content.size
        # The reader of PDF in browsers does not work inside a sandbox, and is one of its own.
        headers = {} if media_type == PDF else HARMLESS
        return replace(content, media_type=media_type, size=size, headers=headers)
