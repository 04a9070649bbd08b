"""A segment as a report refers to it (PS3.16 TID 1411)."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from analysis.findings import Code
from analysis.results.items import image, reference_to, uid_reference
from analysis.results.library import reference_to_slice
from analysis.series import Slice

SEGMENTATION_CLASS = "1.2.840.10008.5.1.4.1.1.66.4"
_REFERENCED_SEGMENT = Code("121191", "DCM", "Referenced Segment")
_SOURCE_SERIES = Code("121232", "DCM", "Source series for segmentation")
_SOURCE_IMAGE = Code("121233", "DCM", "Source image for segmentation")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SegmentReference:
    """Segment `number` of a SEG object, and the slices it lies on."""

    sop_instance_uid: str
    number: int
    slices: tuple[Slice, ...]

    def content_items(self) -> list[Dataset]:
        """Make the reference and its source: the image if it is one, else the series."""
        segment = reference_to(SEGMENTATION_CLASS, self.sop_instance_uid, segment_numbers=[self.number])
        if len(self.slices) == 1:
            source = image(_SOURCE_IMAGE, reference_to_slice(self.slices[0]))
        else:
            source = uid_reference(_SOURCE_SERIES, str(self.slices[0].header.SeriesInstanceUID))
        return [image(_REFERENCED_SEGMENT, segment), source]
