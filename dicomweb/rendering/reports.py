"""Structured Reports and Key Object Selections as text (PS3.18 Section 8.7.4: the category Text)."""

from collections.abc import Sequence

from archive.retrieve import StoredInstance
from dicomweb.native_xml import native_xml
from dicomweb.ranges import Content
from dicomweb.rendering.attributes import read_header
from dicomweb.rendering.pages import (
    HTML,
    PLAIN,
    XML,
    html_facts,
    html_lines,
    page,
    plain_facts,
    plain_lines,
    text_content,
)
from dicomweb.rendering.parameters import RenderingParameters
from dicomweb.rendering.report_content import facts_of, lines_of, title_of
from dicomweb.services import Services


class ReportRendering:
    """Shows the content tree of a report.

    Parameters
    ----------
    services
        What it works with.
    tenant
        Whose report; it refers to others only by name.
    instance
        The report.
    """

    media_types: Sequence[str] = (HTML, PLAIN, XML)

    def __init__(self, services: Services, tenant: str, instance: StoredInstance) -> None:
        del tenant
        self._services = services
        self._instance = instance

    def make(self, media_type: str, _wanted: RenderingParameters) -> Content:
        """Write the report: as a page, as plain text, or whole as the Native DICOM Model in XML."""
        header = read_header(self._services, self._instance)
        title, facts = title_of(header), facts_of(header)
        match media_type:
            case "text/xml":
                text = native_xml(dict(sorted(header.items()))).decode()
            case "text/plain":
                text = f"{title}\n\n{plain_facts(facts)}\n{plain_lines(lines_of(header))}"
            case _:
                text = page(title, html_facts(facts) + html_lines(lines_of(header)))
        return text_content(text, media_type)
