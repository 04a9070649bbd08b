"""The contours of a structure set: whose they are, and in which plane each lies (PS3.3 Section C.8.8.6)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from dicomweb.rendering.attributes import first_value, items_of, values_of
from dicomweb.rendering.referenced import uid_of

Array = np.ndarray[Any, Any]
Colour = tuple[int, int, int]

_PALETTE: Final[tuple[Colour, ...]] = ((255, 80, 80), (80, 220, 80), (90, 160, 255), (250, 210, 60), (230, 110, 240))
_COORDINATES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Contour:
    """One contour.

    Parameters
    ----------
    points
        Array of points x 3, in millimetres, in the coordinates of the patient.
    closed
        True for the outline of an area.
    image_uid
        SOP Instance UID of the image it was drawn on; empty where that is not said.
    """

    points: Array
    closed: bool
    image_uid: str

    @property
    def plane(self) -> str:
        """What contours of one plane have in common: the image, or the height."""
        return self.image_uid or f"{self.points[0, 2]:.1f} mm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A region of interest with its contours."""

    number: int
    name: str
    kind: str
    colour: Colour
    contours: tuple[Contour, ...]


def structures_of(header: Mapping[str, Any]) -> list[Structure]:
    """Read the structures of a structure set, in the order in which they are declared."""
    drawn = {first_value(item, "30060084"): item for item in items_of(header, "30060039")}
    kinds = {first_value(item, "30060084"): first_value(item, "300600A4") for item in items_of(header, "30060080")}
    found = []
    for order, roi in enumerate(items_of(header, "30060020")):
        number = first_value(roi, "30060022")
        contours = drawn.get(number, {})
        found.append(
            Structure(
                number=number if isinstance(number, int) else order + 1,
                name=str(first_value(roi, "30060026") or f"ROI {number}"),
                kind=str(kinds.get(number) or ""),
                colour=_colour(contours, order),
                contours=tuple(_contours(contours)),
            )
        )
    return found


def fullest_plane(structures: list[Structure], among: Mapping[str, object] | None = None) -> str | None:
    """Choose the plane in which most structures are seen; of those that are among some, where these are given."""
    seen: Counter[str] = Counter()
    for structure in structures:
        planes = {contour.plane for contour in structure.contours if contour.closed}
        seen.update(plane for plane in planes if among is None or plane in among)
    # Of planes with as many the one in the middle: ends of organs show little.
    most = max(seen.values(), default=0)
    best = [plane for plane, count in seen.items() if count == most]
    return best[len(best) // 2] if best else None


def _contours(item: Mapping[str, Any]) -> Iterator[Contour]:
    for contour in items_of(item, "30060040"):
        numbers = [value for value in values_of(contour, "30060050") if isinstance(value, int | float)]
        if len(numbers) < _COORDINATES or len(numbers) % _COORDINATES:
            continue
        yield Contour(
            points=np.asarray(numbers, np.float64).reshape(-1, _COORDINATES),
            closed=str(first_value(contour, "30060042")).startswith("CLOSED"),
            image_uid=next((uid_of(reference) for reference in items_of(contour, "30060016")), ""),
        )


def _colour(item: Mapping[str, Any], order: int) -> Colour:
    values = values_of(item, "3006002A")
    if len(values) == _COORDINATES and all(isinstance(value, int) and 0 <= value <= 255 for value in values):  # noqa: PLR2004 - a byte
        return values[0], values[1], values[2]
    return _PALETTE[order % len(_PALETTE)]
