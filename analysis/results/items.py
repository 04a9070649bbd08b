"""Content items of structured reports (PS3.3 C.17.3), as plain data sets."""

from collections.abc import Iterable

from pydicom.dataset import Dataset

from analysis.findings import Code

CONTAINS = "CONTAINS"
MODIFIER = "HAS CONCEPT MOD"
CONTEXT = "HAS OBS CONTEXT"
ACQUISITION = "HAS ACQ CONTEXT"
SELECTED_FROM = "SELECTED FROM"


def code_item(code: Code) -> Dataset:
    """Make an item of a code sequence; long and URN values go where PS3.3 Table 8.8-1 wants them."""
    item = Dataset()
    short = 16
    if code.value.lower().startswith(("urn:", "http://", "https://")):
        item.URNCodeValue = code.value
    elif len(code.value) <= short:
        item.CodeValue = code.value
    else:
        item.LongCodeValue = code.value
    item.CodingSchemeDesignator = code.scheme
    if code.version is not None:
        item.CodingSchemeVersion = code.version
    item.CodeMeaning = code.meaning[:64]
    return item


def content_item(value_type: str, relationship: str | None, name: Code | None, children: Iterable[Dataset]) -> Dataset:
    """Make the part that all content items share."""
    item = Dataset()
    if relationship is not None:
        item.RelationshipType = relationship
    item.ValueType = value_type
    if name is not None:
        item.ConceptNameCodeSequence = [code_item(name)]
    below = list(children)
    if below:
        item.ContentSequence = below
    return item


def container(
    name: Code, children: Iterable[Dataset], *, relationship: str | None = CONTAINS, template: str | None = None
) -> Dataset:
    """Make a CONTAINER."""
    item = content_item("CONTAINER", relationship, name, children)
    item.ContinuityOfContent = "SEPARATE"
    if template is not None:
        identification = Dataset()
        identification.MappingResource = "DCMR"
        identification.MappingResourceUID = "1.2.840.10008.8.1.1"
        identification.TemplateIdentifier = template
        item.ContentTemplateSequence = [identification]
    return item


def code(name: Code, value: Code, relationship: str = CONTAINS, children: Iterable[Dataset] = ()) -> Dataset:
    """Make a CODE."""
    item = content_item("CODE", relationship, name, children)
    item.ConceptCodeSequence = [code_item(value)]
    return item


def text(name: Code, value: str, relationship: str = CONTAINS) -> Dataset:
    """Make a TEXT."""
    item = content_item("TEXT", relationship, name, ())
    item.TextValue = value
    return item


def uid_reference(name: Code, uid: str, relationship: str = CONTAINS) -> Dataset:
    """Make a UIDREF."""
    item = content_item("UIDREF", relationship, name, ())
    item.UID = uid
    return item


def number(
    name: Code, value: float, unit: Code, relationship: str = CONTAINS, children: Iterable[Dataset] = ()
) -> Dataset:
    """Make a NUM."""
    item = content_item("NUM", relationship, name, children)
    measured = Dataset()
    measured.NumericValue = decimal(value)
    measured.MeasurementUnitsCodeSequence = [code_item(unit)]
    item.MeasuredValueSequence = [measured]
    return item


def date(name: Code, value: str, relationship: str) -> Dataset:
    """Make a DATE."""
    item = content_item("DATE", relationship, name, ())
    item.Date = value
    return item


def image(
    name: Code | None, reference: Dataset, relationship: str = CONTAINS, children: Iterable[Dataset] = ()
) -> Dataset:
    """Make an IMAGE that points at `reference`, an item made by `reference_to`."""
    item = content_item("IMAGE", relationship, name, children)
    item.ReferencedSOPSequence = [reference]
    return item


def reference_to(
    sop_class_uid: str,
    sop_instance_uid: str,
    *,
    frame_numbers: Iterable[int] = (),
    segment_numbers: Iterable[int] = (),
) -> Dataset:
    """Make an item of a Referenced SOP Sequence."""
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class_uid
    item.ReferencedSOPInstanceUID = sop_instance_uid
    frames, segments = list(frame_numbers), list(segment_numbers)
    if frames:
        item.ReferencedFrameNumber = frames
    if segments:
        item.ReferencedSegmentNumber = segments
    return item


def decimal(value: float) -> str:
    """Write a number as DS: at most 16 characters (PS3.5 6.2), as exact as that allows."""
    longest = 16
    for digits in range(10, 0, -1):
        written = f"{value:.{digits}g}"
        if len(written) <= longest:
            return written
    raise ValueError("number cannot be written as a decimal string")
