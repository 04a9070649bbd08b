"""The query parameters of rendered resources (PS3.18 Section 8.3.5.1)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from dicomweb.problems import bad_request
from dicomweb.rendering.attributes import Window

LARGEST_SIDE: Final = 8192
_FUNCTIONS: Final = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
# Read elsewhere, or without a meaning here: all text is UTF-8.
_WITHOUT_EFFECT: Final = frozenset({"accept", "charset"})
_BEST_QUALITY: Final = 100
PATIENT: Final = "patient"
TECHNIQUE: Final = "technique"
_ANNOTATIONS: Final = frozenset({PATIENT, TECHNIQUE})


@dataclass(frozen=True, slots=True)
class Viewport:
    """Size of the picture and, where given, the part of the image that it shows; negative sizes mirror it."""

    width: int
    height: int
    source: tuple[float, float, float, float] | None = None


class ColourProfile(StrEnum):
    """Values of `iccprofile` (PS3.18 Section 8.3.5.1.5)."""

    NONE = "no"
    OWN = "yes"
    SRGB = "srgb"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderingParameters:
    """How a picture is wanted.

    Parameters
    ----------
    window
        Instead of those of the object.
    viewport
        Size, and part of the image.
    quality
        Of JPEG, from 1 to 100.
    annotation
        What is written into the picture: `PATIENT`, `TECHNIQUE`.
    profile
        The colours of the picture, and whether it says what they are.
    """

    window: Window | None = None
    viewport: Viewport | None = None
    quality: int = 90
    annotation: frozenset[str] = frozenset()
    profile: ColourProfile | None = None


def parse_rendering(pairs: Iterable[tuple[str, str]]) -> RenderingParameters:
    """Read the query string.

    Raises
    ------
    Problem
        400 for a parameter that is not known or has a value that it cannot have.
    """
    found = RenderingParameters()
    for name, value in pairs:
        match name:
            case "window":
                found = replace(found, window=parse_window(value))
            case "viewport":
                found = replace(found, viewport=_viewport(value))
            case "quality":
                found = replace(found, quality=parse_quality(value))
            case "annotation":
                found = replace(found, annotation=parse_annotation(value))
            case "iccprofile":
                found = replace(found, profile=_profile(value))
            case _ if name not in _WITHOUT_EFFECT:
                known = "window, viewport, quality, annotation and iccprofile"
                raise bad_request(f"A query parameter is not known; there are {known}.")
    return found


def parse_annotation(value: str) -> frozenset[str]:
    """Read what is to be written into the picture (PS3.18 Section 8.3.5.1.1)."""
    wanted = frozenset(part.strip().lower() for part in value.split(",") if part.strip())
    if not wanted or not wanted <= _ANNOTATIONS:
        raise bad_request("The query parameter annotation is patient, technique, or both with a comma.")
    return wanted


def parse_quality(value: str) -> int:
    """Read the quality of JPEG (PS3.18 Section 8.3.5.1.2)."""
    if not (value.isascii() and value.isdecimal() and 1 <= int(value[:4]) <= _BEST_QUALITY):
        raise bad_request("The quality is from 1 to 100.")
    return int(value)


def _profile(value: str) -> ColourProfile:
    try:
        return ColourProfile(value.lower())
    except ValueError as error:
        raise bad_request("The query parameter iccprofile is no, yes or srgb.") from error


def _numbers(value: str, counts: set[int], name: str) -> list[float | None]:
    parts = value.split(",")
    if len(parts) not in counts:
        raise bad_request(f"The query parameter {name} has the wrong number of values.")
    try:
        numbers = [float(part) if part.strip() else None for part in parts]
    except ValueError as error:
        raise bad_request(f"The query parameter {name} has a value that is no number.") from error
    if any(number is not None and not math.isfinite(number) for number in numbers):
        raise bad_request(f"The query parameter {name} has a value that is no number.")
    return numbers


def parse_window(value: str) -> Window:
    """Read center, width and function (PS3.18 Section 8.3.5.1.4)."""
    text, _, function = value.rpartition(",") if value.count(",") > 1 else (value, "", "linear")
    center, width = _numbers(text, {2}, "window")
    if center is None or width is None or width <= 0 or function not in _FUNCTIONS:
        raise bad_request("The query parameter window is center, width and perhaps linear, linear-exact or sigmoid.")
    return Window(center, width, _FUNCTIONS[function])


def _viewport(value: str) -> Viewport:
    numbers = _numbers(value, {2, 6}, "viewport")
    width, height = numbers[0], numbers[1]
    if width is None or height is None or not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise bad_request(f"The size in the query parameter viewport is from 1 to {LARGEST_SIDE}.")
    if len(numbers) == 2:  # noqa: PLR2004 - size only
        return Viewport(int(width), int(height))
    left, top, source_width, source_height = numbers[2:]
    source = (left or 0.0, top or 0.0, source_width or math.inf, source_height or math.inf)
    return Viewport(int(width), int(height), source)
