"""A report in another SR class, for receivers that do not take Comprehensive 3D SR (PS3.3 A.35)."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID

from analysis.errors import InvalidResult
from analysis.findings import Shape
from analysis.geometry import Plane
from analysis.results.regions import scoord
from analysis.results.run import SRClass
from analysis.results.uids import uid_of

_NUMBERS = {f"1109{index:02d}" for index in range(1, 10)} | {"111026", "111066"}
_SHAPES = {"POINT": Shape.POINT, "POLYLINE": Shape.POLYLINE, "POLYGON": Shape.POLYGON}
_NEAR_MM = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _KeyImage:
    reference: Dataset
    frame_of_reference_uid: str
    plane: Plane


def convert_sr(report: Dataset, sr_class: SRClass | str) -> Dataset:
    """Give the report as another SOP class, as a new instance.

    3D coordinates become pixel coordinates on the key image that they lie on; the Image Library of the report says
    where its images are. The new UID follows from the old one, so that converting twice gives the same object.

    Parameters
    ----------
    report
        A report made by this node.
    sr_class
        One of `SRClass`, or its value.

    Raises
    ------
    InvalidResult
        If a region lies on none of the key images.
    """
    wanted = SRClass(sr_class)
    if str(report.SOPClassUID) == wanted.uid:
        return report
    converted = deepcopy(report)
    if wanted is not SRClass.COMPREHENSIVE_3D:
        images = list(_key_images(converted))
        _replace_coordinates(converted, images)
    converted.SOPClassUID = UID(wanted.uid)
    converted.SOPInstanceUID = UID(_converted_uid(report.SOPInstanceUID, wanted))
    _convert_predecessors(converted, str(report.SOPClassUID), wanted)
    converted.file_meta = deepcopy(report.file_meta)
    converted.file_meta.MediaStorageSOPClassUID = converted.SOPClassUID
    converted.file_meta.MediaStorageSOPInstanceUID = converted.SOPInstanceUID
    return converted


def _converted_uid(sop_instance_uid: str, wanted: SRClass) -> str:
    return uid_of("converted", sop_instance_uid, wanted.value)


def _convert_predecessors(report: Dataset, old_class: str, wanted: SRClass) -> None:
    """Name earlier reports as the receiver has them: it got those in the wanted class as well."""
    for study in report.get("PredecessorDocumentsSequence") or ():
        for series in study.ReferencedSeriesSequence:
            for reference in series.ReferencedSOPSequence:
                if str(reference.ReferencedSOPClassUID) == old_class:
                    reference.ReferencedSOPInstanceUID = _converted_uid(reference.ReferencedSOPInstanceUID, wanted)
                    reference.ReferencedSOPClassUID = wanted.uid


def items_below(item: Dataset) -> Iterator[Dataset]:
    """Walk the content tree, the item itself first."""
    yield item
    for child in item.get("ContentSequence") or ():
        yield from items_below(child)


def _replace_coordinates(item: Dataset, images: list[_KeyImage]) -> None:
    children = item.get("ContentSequence")
    if not children:
        return
    for index, child in enumerate(children):
        if child.ValueType == "SCOORD3D":
            children[index] = _flat(child, images)
        else:
            _replace_coordinates(child, images)


def _flat(item: Dataset, images: list[_KeyImage]) -> Dataset:
    """Make an SCOORD of an SCOORD3D."""
    shape = _SHAPES.get(str(item.GraphicType))
    if shape is None:
        raise InvalidResult([f"{item.GraphicType} has no form in pixel coordinates"])
    points = np.asarray(item.GraphicData, dtype=np.float64).reshape(-1, 3)
    frame_of_reference = str(item.ReferencedFrameOfReferenceUID)
    for image in images:
        same_frame = image.frame_of_reference_uid == frame_of_reference
        if same_frame and all(image.plane.distance_mm(point) < _NEAR_MM for point in points):
            replaced = scoord(shape, image.plane.to_pixel(points), image.reference)
            replaced.ConceptNameCodeSequence = item.ConceptNameCodeSequence
            replaced.RelationshipType = item.RelationshipType
            return replaced
    raise InvalidResult(["a region lies on none of the key images"])


def _key_images(report: Dataset) -> Iterator[_KeyImage]:
    """Read the planes of the images in the Image Library."""
    for item in items_below(report):
        if item.get("ValueType") != "IMAGE" or not item.get("ContentSequence"):
            continue
        numbers: dict[str, float] = {}
        frame_of_reference = ""
        for child in item.ContentSequence:
            name = child.ConceptNameCodeSequence[0].get("CodeValue")
            if child.ValueType == "UIDREF":
                frame_of_reference = str(child.UID)
            elif child.ValueType == "NUM" and name in _NUMBERS:
                numbers[name] = float(child.MeasuredValueSequence[0].NumericValue)
        if frame_of_reference and set(numbers) == _NUMBERS:
            yield _KeyImage(
                reference=item.ReferencedSOPSequence[0],
                frame_of_reference_uid=frame_of_reference,
                plane=_plane(numbers),
            )


def _plane(numbers: dict[str, float]) -> Plane:
    return Plane(
        position_mm=(numbers["110901"], numbers["110902"], numbers["110903"]),
        along_row=(numbers["110904"], numbers["110905"], numbers["110906"]),
        along_column=(numbers["110907"], numbers["110908"], numbers["110909"]),
        row_spacing_mm=numbers["111066"],
        column_spacing_mm=numbers["111026"],
    )
