"""Image Library (PS3.16 TID 1600): the key images, with what is needed to place them."""

from collections.abc import Iterable, Iterator

from pydicom.dataset import Dataset

from analysis.codes import MILLIMETER, PIXELS
from analysis.findings import Code
from analysis.geometry import Plane
from analysis.results.items import ACQUISITION, code, container, date, image, number, reference_to, uid_reference
from analysis.results.legal import legal_value
from analysis.series import Slice

_IMAGE_LIBRARY = Code("111028", "DCM", "Image Library")
_GROUP = Code("126200", "DCM", "Image Library Group")
_MODALITY = Code("121139", "DCM", "Modality")
_STUDY_DATE = Code("111060", "DCM", "Study Date")
_FRAME_OF_REFERENCE = Code("112227", "DCM", "Frame of Reference UID")
_ROWS = Code("110910", "DCM", "Pixel Data Rows")
_COLUMNS = Code("110911", "DCM", "Pixel Data Columns")
_HORIZONTAL_SPACING = Code("111026", "DCM", "Horizontal Pixel Spacing")
_VERTICAL_SPACING = Code("111066", "DCM", "Vertical Pixel Spacing")
_COSINE_UNIT = Code("{-1:1}", "UCUM", "{-1:1}")
_POSITION = tuple(
    Code(f"11090{index}", "DCM", f"Image Position (Patient) {axis}") for index, axis in enumerate("XYZ", 1)
)
_ORIENTATION = tuple(
    Code(f"11090{index}", "DCM", f"Image Orientation (Patient) {direction} {axis}")
    for index, (direction, axis) in enumerate(((way, axis) for way in ("Row", "Column") for axis in "XYZ"), 4)
)
# The acquisition modalities of CID 29 that images of this node have.
_MODALITY_NAMES = {
    "CT": "Computed Tomography",
    "MR": "Magnetic Resonance",
    "CR": "Computed Radiography",
    "DX": "Digital Radiography",
    "MG": "Mammography",
    "US": "Ultrasound",
    "PT": "Positron emission tomography",
    "NM": "Nuclear Medicine",
    "XA": "X-Ray Angiography",
    "RF": "Radiofluoroscopy",
    "OT": "Other",
}


def image_library(slices: Iterable[Slice]) -> list[Dataset]:
    """List each image once; nothing if no image is referred to."""
    unique = {(item.sop_instance_uid, item.frame_number): item for item in slices}
    entries = [_entry(item) for item in unique.values()]
    if not entries:
        return []
    return [container(_IMAGE_LIBRARY, [container(_GROUP, entries)])]


def reference_to_slice(item: Slice) -> Dataset:
    """Refer to a slice, with its frame number if it has one."""
    frames = [item.frame_number] if item.frame_number is not None else []
    return reference_to(str(item.header.SOPClassUID), item.sop_instance_uid, frame_numbers=frames)


def _entry(item: Slice) -> Dataset:
    """Make one entry with its descriptors (TID 1601, 1602, 1604)."""
    return image(None, reference_to_slice(item), children=_descriptors(item))


def _descriptors(item: Slice) -> Iterator[Dataset]:
    header = item.header
    modality = str(header.get("Modality") or "OT")
    name = _MODALITY_NAMES.get(modality, "Other")
    yield code(_MODALITY, Code(modality if name != "Other" else "OT", "DCM", name), ACQUISITION)
    study_date = legal_value(header, "StudyDate")
    if study_date:
        yield date(_STUDY_DATE, study_date, ACQUISITION)
    if header.get("FrameOfReferenceUID"):
        yield uid_reference(_FRAME_OF_REFERENCE, str(header.FrameOfReferenceUID), ACQUISITION)
    rows, columns = item.shape
    yield number(_ROWS, rows, PIXELS, ACQUISITION)
    yield number(_COLUMNS, columns, PIXELS, ACQUISITION)
    spacing = item.pixel_spacing_mm
    if spacing is not None:
        yield number(_HORIZONTAL_SPACING, spacing[1], MILLIMETER, ACQUISITION)
        yield number(_VERTICAL_SPACING, spacing[0], MILLIMETER, ACQUISITION)
    if item.plane is not None:
        yield from _plane_descriptors(item.plane)


def _plane_descriptors(plane: Plane) -> Iterator[Dataset]:
    """Position and orientation; with them a report can be converted to pixel coordinates without the images."""
    for name, value in zip(_POSITION, plane.position_mm, strict=True):
        yield number(name, value, MILLIMETER, ACQUISITION)
    for name, value in zip(_ORIENTATION, (*plane.along_row, *plane.along_column), strict=True):
        yield number(name, value, _COSINE_UNIT, ACQUISITION)
