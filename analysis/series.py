"""The series as an analyzer sees it: ordered slices, headers, and pixels in modality units."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from analysis.errors import CannotDecode, NotApplicable
from analysis.geometry import Plane
from analysis.instances import InstanceFile, Stored, read_frame, read_frames
from analysis.rescale import to_modality_units

Array = NDArray[np.float32] | NDArray[np.int16]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slice:
    """One image plane: a single-frame instance, or one frame of a multi-frame one.

    Attributes
    ----------
    header
        The instance's data set without pixel data, shared by all its frames.
    frame_number
        From 1; None for a single-frame instance.
    plane
        Where it lies; None for images without position (CR, DX, MG, US).
    """

    header: Dataset
    file: InstanceFile
    frame_number: int | None
    plane: Plane | None

    @property
    def sop_instance_uid(self) -> str:
        """SOP Instance UID of the instance."""
        return str(self.header.SOPInstanceUID)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.header.get("Rows", 0)), int(self.header.get("Columns", 0))

    @property
    def pixel_spacing_mm(self) -> tuple[float, float] | None:
        """(row, column) spacing, from the plane or from what the modality says about its detector; None if unknown."""
        if self.plane is not None:
            return self.plane.row_spacing_mm, self.plane.column_spacing_mm
        for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
            value = self.header.get(keyword)
            if value is not None and not isinstance(value, str | float) and len(value) == 2:  # noqa: PLR2004
                return float(value[0]), float(value[1])
        return _ultrasound_spacing(self.header)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Volume:
    """A stack of parallel, evenly spaced slices.

    Attributes
    ----------
    array
        (slices, rows, columns) in modality units (HU for CT).
    spacing_mm
        Distance between slices, rows and columns.
    affine
        4x4 matrix from (slice, row, column) to patient mm (LPS).
    """

    array: Array
    spacing_mm: tuple[float, float, float]
    affine: NDArray[np.float64]


class SeriesInput:
    """One series, ready to be analyzed.

    Parameters
    ----------
    slices
        In order of position, or of instance and frame number where there is none.
    progress
        Called by `report_progress`.
    """

    def __init__(self, slices: Sequence[Slice], progress: Callable[[int, str], None] | None = None) -> None:
        if not slices:
            raise NotApplicable("no image with pixel data in the series")
        self.slices = tuple(slices)
        self._progress = progress

    @property
    def header(self) -> Dataset:
        """Header of the first slice."""
        return self.slices[0].header

    @property
    def study_instance_uid(self) -> str:
        """Study Instance UID."""
        return str(self.header.StudyInstanceUID)

    @property
    def series_instance_uid(self) -> str:
        """Series Instance UID."""
        return str(self.header.SeriesInstanceUID)

    @property
    def modality(self) -> str:
        """Modality (0008,0060)."""
        return str(self.header.get("Modality", ""))

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files, each once, in order of the slices."""
        return tuple(dict.fromkeys(item.file.path for item in self.slices))

    @property
    def has_frame_of_reference(self) -> bool:
        """Whether every slice has a position in one frame of reference."""
        frames = {str(item.header.get("FrameOfReferenceUID") or "") for item in self.slices}
        return len(frames) == 1 and "" not in frames and all(item.plane is not None for item in self.slices)

    def report_progress(self, percent: int, text: str) -> None:
        """Tell the node how far the analysis is."""
        if self._progress is not None:
            self._progress(percent, text)

    def pixels(self, index: int) -> Array:
        """Decode one slice to modality units, shape (rows, columns); colour becomes luminance."""
        item = self.slices[index]
        return to_modality_units(read_frame(item.file, item.frame_number), item.header, item.frame_number)

    @cached_property
    def volume(self) -> Volume:
        """All slices as one array.

        Raises
        ------
        NotApplicable
            If the slices are not parallel, evenly spaced and of one size.
        """
        spacing_mm, affine = stack_geometry(self.slices)
        array: Array = np.zeros((len(self.slices), *self.slices[0].shape), dtype=np.int16)
        for index, plane in enumerate(self._planes()):
            if plane.shape != array.shape[1:]:
                raise CannotDecode("a slice decodes to another size than its header says")
            if plane.dtype != array.dtype and array.dtype == np.int16:
                array = array.astype(np.float32)
            array[index] = plane
        return Volume(array=array, spacing_mm=spacing_mm, affine=affine)

    def _planes(self) -> Iterator[Array]:
        """Yield every slice in modality units, decoding a multi-frame file once and not once a frame."""
        if len(self.paths) == len(self.slices):
            yield from (self.pixels(index) for index in range(len(self.slices)))
            return
        decoded: dict[Path, Stored] = {}
        for item in self.slices:
            frames = decoded.get(item.file.path)
            if frames is None:
                frames = decoded[item.file.path] = read_frames(item.file)
            yield to_modality_units(frames[(item.frame_number or 1) - 1], item.header, item.frame_number)


def stack_geometry(slices: Sequence[Slice]) -> tuple[tuple[float, float, float], NDArray[np.float64]]:
    """Give spacing and affine of a stack; see `SeriesInput.volume`."""
    planes = [item.plane for item in slices if item.plane is not None]
    if len(planes) != len(slices) or len(planes) < 2:  # noqa: PLR2004 - two planes make a spacing
        raise NotApplicable("slices without position in the patient")
    if len({item.shape for item in slices}) != 1:
        raise NotApplicable("slices of different size")
    first, last = planes[0], planes[-1]
    if any(float(np.dot(plane.normal, first.normal)) < 0.999 for plane in planes):  # noqa: PLR2004 - 2.5 degrees
        raise NotApplicable("slices are not parallel")
    steps = np.diff([float(np.dot(first.normal, plane.position_mm)) for plane in planes])
    step = float(np.median(steps))
    if step <= 0 or float(np.abs(steps - step).max()) > 0.1 * step:
        raise NotApplicable("slices are not evenly spaced")
    affine = np.eye(4)
    affine[:3, 0] = (np.asarray(last.position_mm) - np.asarray(first.position_mm)) / (len(planes) - 1)
    affine[:3, 1] = np.asarray(first.along_column) * first.row_spacing_mm
    affine[:3, 2] = np.asarray(first.along_row) * first.column_spacing_mm
    affine[:3, 3] = first.position_mm
    return (step, first.row_spacing_mm, first.column_spacing_mm), affine


def _ultrasound_spacing(header: Dataset) -> tuple[float, float] | None:
    """Read the spacing of the first region that is calibrated in cm (PS3.3 C.8.5.5)."""
    centimetres = 3
    for region in header.get("SequenceOfUltrasoundRegions") or ():
        units = region.get("PhysicalUnitsXDirection"), region.get("PhysicalUnitsYDirection")
        if units == (centimetres, centimetres) and region.get("PhysicalDeltaX") and region.get("PhysicalDeltaY"):
            return abs(float(region.PhysicalDeltaY)) * 10, abs(float(region.PhysicalDeltaX)) * 10
    return None
