"""An analyzer in a few lines: it finds the slice with the brightest voxel of a CT series and marks the place."""

import numpy as np

from isocenter import (
    Applicability,
    Code,
    Finding,
    Measurement,
    Progress,
    Region,
    Result,
    SeriesDescription,
    SeriesInput,
    Shape,
)


class BrightestSlice:
    """Marks the voxel with the highest attenuation."""

    name = "brightest-slice"
    version = "1.0.0"
    manufacturer = "Example Hospital"
    family = Code("123105", "DCM", "Histogram Analysis")
    is_mock = False

    def applies_to(self, series: SeriesDescription) -> Applicability:
        """Take CT series of ten images or more."""
        if series.modality != "CT":
            return Applicability.no("not a CT")
        return Applicability.yes() if series.instances >= 10 else Applicability.no("fewer than ten images")

    def analyze(self, series: SeriesInput, progress: Progress) -> Result:
        """Look at every voxel once."""
        progress(10, "Reading")
        volume = series.volume.array
        progress(60, "Looking")
        index, row, column = np.unravel_index(int(np.argmax(volume)), volume.shape)
        place = Region(
            sop_instance_uid=series.slices[int(index)].sop_instance_uid,
            shape=Shape.POINT,
            points=((float(column) + 0.5, float(row) + 0.5),),
        )
        attenuation = Measurement(
            name=Code("112031", "DCM", "Attenuation Coefficient"),
            value=float(volume[index, row, column]),
            unit=Code("[hnsf'U]", "UCUM", "Hounsfield unit"),
        )
        finding = Finding(
            identifier="Brightest voxel",
            finding=Code("52988006", "SCT", "Lesion"),
            certainty_percent=100.0,
            measurements=(attenuation,),
            region=place,
        )
        return Result(findings=(finding,))
