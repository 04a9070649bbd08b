"""From files to an ordered series: frames, planes, and the order of slices."""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from analysis.errors import NotApplicable
from analysis.geometry import Plane, plane_of
from analysis.instances import InstanceFile, read_header
from analysis.series import SeriesInput, Slice


def open_series(files: Iterable[InstanceFile], progress: Callable[[int, str], None] | None = None) -> SeriesInput:
    """Read the headers of a series' files and put the slices in order.

    Raises
    ------
    NotApplicable
        If nothing in the series has pixels.
    """
    slices: list[Slice] = []
    for file in files:
        header = read_header(file)
        if header.get("Rows") and header.get("Columns"):
            slices.extend(_slices_of(header, file))
    if not slices:
        raise NotApplicable("no image with pixel data in the series")
    return SeriesInput(order_slices(slices), progress)


def order_slices(slices: list[Slice]) -> list[Slice]:
    """Sort along the common normal, or by instance and frame number where there is none.

    Instance numbers come last in every key, so that repeated positions (phases) keep a stable order.
    """
    first = slices[0].plane
    parallel = first is not None and all(
        item.plane is not None and float(np.dot(item.plane.normal, first.normal)) > 0.99  # noqa: PLR2004 - 8 degrees
        for item in slices
    )
    if not parallel or first is None:
        return sorted(slices, key=_number)
    normal = first.normal
    return sorted(slices, key=lambda item: (round(_height(item.plane, normal), 4), *_number(item)))


def _slices_of(header: Dataset, file: InstanceFile) -> list[Slice]:
    """Make one slice a frame; single-frame objects that are not enhanced have no frame number."""
    frames = int(header.get("NumberOfFrames") or 1)
    groups = header.get("PerFrameFunctionalGroupsSequence") or ()
    shared = (header.get("SharedFunctionalGroupsSequence") or (None,))[0]
    if frames == 1 and not groups:
        return [Slice(header=header, file=file, frame_number=None, plane=plane_of(header))]
    made = []
    for index in range(frames):
        frame = groups[index] if index < len(groups) else None
        plane = plane_of(header, frame, shared) if groups else None
        made.append(Slice(header=header, file=file, frame_number=index + 1, plane=plane))
    return made


def _height(plane: Plane | None, normal: NDArray[np.float64]) -> float:
    return 0.0 if plane is None else float(np.dot(normal, plane.position_mm))


def _number(item: Slice) -> tuple[int, int, str]:
    try:
        number = int(item.header.get("InstanceNumber") or 0)
    except (TypeError, ValueError):
        number = 0
    return number, item.frame_number or 0, item.sop_instance_uid
